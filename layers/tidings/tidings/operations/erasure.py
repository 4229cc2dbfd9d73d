"""Forgetting a person, where that is nobody's own queue.

Notifications and recommendations forget by themselves, in order with what else they hear.
"""

from tidings.delivery.erasure import forget_person
from tidings.operations.erased_messages import erase_messages_of
from tidings.orders.erasure import forget_words
from tidings.tasks import erasure as tasks
from tidings.users.events import UserDeleted


def erase(event: UserDeleted) -> None:
    """Erase what tasks, orders, delivery and failed messages keep of a person. Safe to repeat.

    Raises:
        TemporaryFailure: SNS cannot forget the devices now; to be called again.
    """
    user_id = event.data.user_id
    tasks.forget(user_id)
    forget_words(user_id)
    erase_messages_of(user_id)
    forget_person(user_id)
