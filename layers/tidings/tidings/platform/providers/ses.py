"""Amazon SES (https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html)."""

from collections.abc import Mapping
from typing import Final

from tidings.platform.providers import aws
from tidings.platform.providers.failures import (
    MISCONFIGURED,
    PermanentFailure,
    TemporaryFailure,
    Undeliverable,
)

# All other parameters are the same for each mail, so this error is about the recipient.
_OF_RECIPIENT: Final = {"InvalidParameterValue": "refused"}
REJECTED: Final = "rejected"
_OF_MESSAGE: Final = {"MessageRejected": REJECTED}


def send(
    raw: bytes,
    *,
    sender: str,
    recipient: str,
    configuration_set: str | None,
    tags: Mapping[str, str],
) -> str:
    """Send a mail; return SES's message id.

    Args:
        raw: the mail in RFC 5322 format.
        sender: the envelope sender, verified with SES.
        recipient: the envelope recipient.
        configuration_set: SES's configuration set, whose event destinations get feedback on the
            mail.
        tags: are added to that feedback; letters, digits, `_`, `-`, `.` and `@`.

    Raises:
        TemporaryFailure: SES cannot accept the mail now.
        PermanentFailure: SES refuses the mail.
        Undeliverable: SES does not accept mail for this recipient.
    """
    feedback = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    try:
        with aws.meaning(_OF_RECIPIENT, _OF_MESSAGE):
            answer = aws.client("ses").send_raw_email(
                Source=sender,
                Destinations=[recipient],
                RawMessage={"Data": raw},
                Tags=[{"Name": name, "Value": value} for name, value in tags.items()],
                **feedback,
            )
    except PermanentFailure as failure:
        if "blacklisted" in failure.said.lower():  # SES does so after bounces of other senders
            raise Undeliverable(REJECTED, "SES has blacklisted the address") from failure
        if "not verified" in failure.said.lower():
            # Of our sender, or of any address while the account is in SES's sandbox.
            raise TemporaryFailure(MISCONFIGURED, "SES has not verified the address") from failure
        raise
    return str(answer["MessageId"])
