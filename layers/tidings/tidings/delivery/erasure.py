"""Erase a person's SNS endpoints, their clicks on unsubscribe links, and their opens and clicks.

Suppressions stay. They are keyed hashes of addresses and do not reveal the address. Without them,
an address that bounced permanently, or whose owner complained, would get mail again as soon as
someone registers it again.
"""

from tidings.delivery import tracking
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
    logger.info("erasure: endpoints and unsubscriptions deleted", user_id=user_id)
