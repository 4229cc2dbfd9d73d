"""Amazon SES (https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html)."""

from collections.abc import Mapping
from typing import Final

from tidings.platform.providers import aws

_REFUSALS: Final = {"MessageRejected": "rejected", "InvalidParameterValue": "refused"}


def send(
    raw: bytes,
    *,
    sender: str,
    recipient: str,
    configuration_set: str | None,
    tags: Mapping[str, str],
) -> str:
    """Hand over a mail; return SES's id of it.

    Args:
        raw: the mail as RFC 5322 has it.
        sender: the envelope's sender, verified with SES.
        recipient: the envelope's recipient.
        configuration_set: which of SES's event destinations hear what becomes of it.
        tags: what these are told along with it; letters, digits, `_`, `-`, `.` and `@`.

    Raises:
        TemporaryFailure: SES cannot take it now.
        PermanentFailure: SES will not take it.
    """
    feedback = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    with aws.meaning(_REFUSALS):
        answer = aws.client("ses").send_raw_email(
            Source=sender,
            Destinations=[recipient],
            RawMessage={"Data": raw},
            Tags=[{"Name": name, "Value": value} for name, value in tags.items()],
            **feedback,
        )
    return str(answer["MessageId"])
