"""Erase a person's SNS endpoints, clicks on unsubscribe links, opens and clicks, and counts.

Suppressions stay. They are keyed hashes of addresses and do not reveal the address. Without them,
an address that bounced permanently, or whose owner complained, would get mail again as soon as
someone registers it again.
"""

from tidings.delivery import frequency, tracking
from tidings.delivery.models import PushEndpoint, Unsubscription
from tidings.platform.logging import logger
from tidings.platform.providers import sns


def forget_person(user_id: str) -> None:
    """Erase a person's data, here and at SNS, which stores device tokens.

    Raises:
        TemporaryFailure: SNS cannot do it now; call again later.
    """
    for endpoint in PushEndpoint.objects(user_id=user_id):
        sns.forget_device(endpoint.arn)
        endpoint.delete()
    Unsubscription.objects(user_id=user_id).delete()
    tracking.forget(user_id)
    frequency.forget(user_id)
    logger.info("erasure: endpoints and unsubscriptions deleted", user_id=user_id)
