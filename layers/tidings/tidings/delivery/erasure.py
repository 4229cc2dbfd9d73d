"""Forgetting a person: the names of their devices, and their clicks on unsubscribe links.

A suppression stays. It is a keyed hash of an address, from which nobody can tell whose it is;
without it a mailbox that bounced for good, or whose owner complained, would get mail again
as soon as somebody registers the address anew.
"""

from tidings.delivery.models import PushEndpoint, Unsubscription
from tidings.platform.logging import logger
from tidings.platform.providers import sns


def forget_person(user_id: str) -> None:
    """Erase what is kept of a person, here and at SNS, where devices have names and tokens.

    Raises:
        TemporaryFailure: SNS cannot do it now; to be called again.
    """
    for endpoint in PushEndpoint.objects(user_id=user_id):
        sns.forget_device(endpoint.arn)
        endpoint.delete()
    Unsubscription.objects(user_id=user_id).delete()
    logger.info("delivery forgot a person", user_id=user_id)
