"""Push messages to the apps on a person's devices, through Amazon SNS."""

from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery.endpoints import endpoint_of, forget
from tidings.delivery.errors import PermanentFailure, TemporaryFailure
from tidings.delivery.push_payload import payload
from tidings.delivery.schemas import Device, OutgoingMessage, Receipt
from tidings.platform.logging import logger
from tidings.platform.providers import sns
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.failures import UNAVAILABLE
from tidings.users.push_tokens import forget_push_token

IDEMPOTENT: Final = False


def provider(_: OutgoingMessage) -> str:
    return "sns-push"


def send(message: OutgoingMessage, deadline: Deadline) -> Receipt:
    """Send to each device; those that are dead are removed, and the others get it all the same.

    It fails for now only if no device took it: trying again would tell the others twice.
    """
    devices = message.address.devices
    if not devices:
        raise PermanentFailure("no_address", "the person has no device")
    content, sent = payload(message), list[str]()
    failure: TemporaryFailure | PermanentFailure | None = None
    for device in devices:
        try:
            deadline.left()
            sent.append(_send_to(device, message, content))
        except TemporaryFailure as error:
            failure = error
        except PyMongoError as error:  # what SNS calls it could not be looked up: nothing was sent
            failure = TemporaryFailure(UNAVAILABLE, type(error).__name__, of_provider=False)
        except PermanentFailure as error:
            failure = failure or error
            _drop_if_dead(device, error)
    if not sent:
        assert failure is not None
        raise failure
    detail = f"{len(sent)} of {len(devices)} devices"
    return Receipt(provider="sns-push", provider_message_id=sent[0], detail=detail, is_final=True)


def _send_to(device: Device, message: OutgoingMessage, content: str) -> str:
    attributes = {"AWS.SNS.MOBILE.APNS.COLLAPSE_ID": message.notification_id}
    arn = endpoint_of(device, message.user_id)
    try:
        return sns.push(arn, content, attributes)
    except PermanentFailure as error:
        if error.reason != sns.UNKNOWN_ENDPOINT:
            raise
    # SNS has forgotten what we remember; that says nothing of the device.
    forget(device)
    return sns.push(endpoint_of(device, message.user_id), content, attributes)


def _drop_if_dead(device: Device, failure: PermanentFailure) -> None:
    if failure.reason not in {sns.DEAD_DEVICE, sns.UNKNOWN_ENDPOINT}:
        return
    arn = forget(device)
    forget_push_token(device.token)
    logger.info("dead device removed", platform=device.platform.value, reason=failure.reason)
    if arn is not None:
        try:
            sns.forget_device(arn)
        except (TemporaryFailure, PermanentFailure) as error:
            logger.warning("endpoint of a dead device stays", reason=error.reason)
