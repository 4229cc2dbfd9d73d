"""Erase a person in the domains that do not consume `user.deleted` themselves.

Notifications and recommendations erase in their own consumers, in order with their other events.
"""

from tidings.delivery.erasure import forget_person
from tidings.monitoring.erased_messages import erase_messages_of
from tidings.orders.erasure import forget_words
from tidings.products import subscriptions
from tidings.tasks import erasure as tasks
from tidings.users import erasure as users
from tidings.users.events import UserDeleted
from tidings.vouchers import erasure as vouchers


def erase(event: UserDeleted) -> None:
    """Erase a person's data in tasks, orders, vouchers, products, delivery, and failed messages.

    Devices and memberships in teams are deleted with the account; an interrupted deletion left
    them. It is safe to repeat.

    Raises:
        TemporaryFailure: SNS cannot delete the devices now; call again later.
    """
    user_id = event.data.user_id
    users.forget(user_id)
    tasks.forget(user_id)
    forget_words(user_id)
    vouchers.forget(user_id)
    subscriptions.forget(user_id)
    erase_messages_of(user_id)
    forget_person(user_id)
