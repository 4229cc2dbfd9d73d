"""Push messages to a person's devices, through Amazon SNS."""

from functools import partial
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery.endpoints import endpoint_of, forget
from tidings.delivery.errors import PermanentFailure, TemporaryFailure, Undeliverable
from tidings.delivery.outgoing import Device, OutgoingMessage, Receipt
from tidings.delivery.push_payload import payload
from tidings.platform.logging import logger
from tidings.platform.providers import sns
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.failover import Provider
from tidings.platform.providers.failures import UNAVAILABLE
from tidings.users.push_tokens import forget_push_token
from tidings.users.simulated import of_token

IDEMPOTENT: Final = False
PROVIDER: Final = "sns-push"


def providers(message: OutgoingMessage) -> list[Provider[Receipt]]:
    # Only one: a device is an endpoint of one platform application of SNS.
    return [Provider(name=PROVIDER, circuit=PROVIDER, send=partial(_send, message))]


def _send(message: OutgoingMessage, deadline: Deadline) -> Receipt:
    """Send to each device; remove dead devices.

    It fails only if no device accepted the message: a retry would send it to the others twice.
    """
    # The address of a simulated device is no token. Without any other, this is not called.
    devices = [each for each in message.address.devices if of_token(each.token) is None]
    if not devices:
        raise Undeliverable("no_address", "the person has no device")
    content, sent = payload(message), list[str]()
    failure: TemporaryFailure | PermanentFailure | None = None
    for device in devices:
        try:
            deadline.left()
            sent.append(_send_to(device, message, content))
        except TemporaryFailure as error:
            failure = error
        except PyMongoError as error:  # the endpoint could not be looked up, so nothing was sent
            failure = TemporaryFailure(UNAVAILABLE, type(error).__name__, of_provider=False)
        except PermanentFailure as error:
            # A failure that an operator can fix takes precedence over a fault of a device.
            failure = error if failure is None or failure.of_recipient else failure
            _drop_if_dead(device, error)
    if not sent:
        assert failure is not None
        raise failure
    detail = f"{len(sent)} of {len(devices)} devices"
    return Receipt(provider=PROVIDER, provider_message_id=sent[0], detail=detail, is_final=True)


def _send_to(device: Device, message: OutgoingMessage, content: str) -> str:
    attributes = {"AWS.SNS.MOBILE.APNS.COLLAPSE_ID": message.notification_id}
    arn = endpoint_of(device, message.user_id)
    try:
        return sns.push(arn, content, attributes)
    except PermanentFailure as error:
        if error.reason != sns.UNKNOWN_ENDPOINT:
            raise
    # SNS has deleted the endpoint that we stored. The device may still work.
    forget(device)
    return sns.push(endpoint_of(device, message.user_id), content, attributes)


def _drop_if_dead(device: Device, failure: PermanentFailure) -> None:
    if failure.reason not in {sns.DEAD_DEVICE, sns.UNKNOWN_ENDPOINT}:
        return
    arn = forget(device)
    forget_push_token(device.token)
    logger.info(
        "push token removed: device is dead", platform=device.platform.value, reason=failure.reason
    )
    if arn is not None:
        try:
            sns.forget_device(arn)
        except (TemporaryFailure, PermanentFailure) as error:
            logger.warning("SNS endpoint of a dead device not deleted", reason=error.reason)
