"""Amazon SNS: push messages to devices, and text messages to phones."""

import re
from collections.abc import Mapping
from typing import Final

from tidings.platform.providers import aws
from tidings.platform.providers.failures import (
    MISCONFIGURED,
    PermanentFailure,
    TemporaryFailure,
    Undeliverable,
)

UNKNOWN_ENDPOINT: Final = "unknown_endpoint"
DEAD_DEVICE: Final = "dead_device"

_PUSH_REFUSALS: Final = {
    "EndpointDisabled": DEAD_DEVICE,
    "EndpointDisabledException": DEAD_DEVICE,
    "NotFound": UNKNOWN_ENDPOINT,
    "NotFoundException": UNKNOWN_ENDPOINT,
}
_SMS_REFUSALS: Final = {"OptedOut": "opted_out", "OptedOutException": "opted_out"}
_EXISTING: Final = re.compile(r"Endpoint (arn:\S+) already exists with the same Token")


def register_device(application_arn: str, token: str) -> str:
    """Return the endpoint of a device's token; create one if there is none.

    An endpoint that was disabled is enabled again: an app that registers a token says that it is in
    use. The next message shows whether that is true.

    Raises:
        TemporaryFailure: SNS cannot do it now, or does not know the platform application.
        Undeliverable: `dead_device`: the token is not valid for that platform.
    """
    sns = aws.client("sns")
    with aws.meaning({"InvalidParameter": DEAD_DEVICE, "InvalidParameterException": DEAD_DEVICE}):
        try:
            answer = sns.create_platform_endpoint(
                PlatformApplicationArn=application_arn, Token=token
            )
            return str(answer["EndpointArn"])
        except sns.exceptions.ClientError as error:
            if aws.code_of(error).startswith("NotFound"):
                raise TemporaryFailure(MISCONFIGURED, "no such platform application") from None
            existing = _EXISTING.search(str(error))
            if existing is None and "Token" not in str(error):
                # The error is not about the device, so its token must not be dropped.
                raise TemporaryFailure(MISCONFIGURED, aws.code_of(error)) from None
            if existing is None:
                raise
            attributes = {"Enabled": "true", "Token": token}
            sns.set_endpoint_attributes(EndpointArn=existing[1], Attributes=attributes)
            return existing[1]


def forget_device(endpoint_arn: str) -> None:
    """Delete an endpoint; a missing endpoint is not an error.

    Raises:
        TemporaryFailure: SNS cannot do it now.
    """
    with aws.meaning({}):
        aws.client("sns").delete_endpoint(EndpointArn=endpoint_arn)


def push(endpoint_arn: str, content: str, attributes: Mapping[str, str]) -> str:
    """Send a push message to one device; return SNS's message id.

    Args:
        endpoint_arn: the device.
        content: JSON with one message for each platform (`MessageStructure=json`).
        attributes: SNS's `AWS.SNS.MOBILE.*` attributes.

    Raises:
        TemporaryFailure: SNS cannot accept the message now.
        Undeliverable: `dead_device`: the device accepts no more messages; `unknown_endpoint`: the
            endpoint does not exist.
        PermanentFailure: SNS refuses the message.
    """
    try:
        with aws.meaning(_PUSH_REFUSALS):
            answer = aws.client("sns").publish(
                TargetArn=endpoint_arn,
                Message=content,
                MessageStructure="json",
                MessageAttributes=_attributes(attributes),
            )
    except PermanentFailure as failure:
        if "No endpoint found" in failure.said:
            raise Undeliverable(UNKNOWN_ENDPOINT) from failure
        raise
    return str(answer["MessageId"])


def text(phone: str, content: str, *, promotional: bool, region: str | None = None) -> str:
    """Send a text message; return SNS's message id.

    Args:
        phone: the number in the form of E.164.
        content: the text.
        promotional: whether it is advertising.
        region: another AWS region than ours.

    Raises:
        TemporaryFailure: SNS cannot accept the message now.
        Undeliverable: `opted_out`; or `bad_address`: SNS cannot reach the number.
        PermanentFailure: SNS refuses the message.
    """
    kind = {"AWS.SNS.SMS.SMSType": "Promotional" if promotional else "Transactional"}
    try:
        with aws.meaning(_SMS_REFUSALS):
            answer = aws.client("sns", region).publish(
                PhoneNumber=phone, Message=content, MessageAttributes=_attributes(kind)
            )
    except PermanentFailure as failure:
        if not failure.of_recipient and "PhoneNumber" in failure.said:
            raise Undeliverable("bad_address", "SNS does not accept the number") from failure
        raise
    return str(answer["MessageId"])


def _attributes(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
