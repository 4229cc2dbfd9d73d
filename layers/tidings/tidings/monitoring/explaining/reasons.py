"""The reasons in the history of a delivery, as codes and as clauses of a sentence.

A test compares them with the reasons that delivery records and with docs/delivery.md.
"""

import re
from typing import Final, NamedTuple

from tidings.delivery.models import DeliveryStatus
from tidings.platform.text.cuts import cut

MAX_CHARACTERS: Final = 200
NOT_RECORDED: Final = "not_recorded"


class Reason(NamedTuple):
    """A reason; `clause` may name the `channel`, the `category` and the `thing` of a reason."""

    code: str
    clause: str


NO_ADDRESS: Final = Reason("no_address", "the person has no address or device for {channel}")
NO_PART: Final = Reason("no_template_part", "the template has no text for this channel")
REASONS: Final = {
    # The person's choices and addresses.
    "no account": Reason("no_account", "the person has no account any more"),
    "preferences": Reason("preferences", "the person switched off {channel} for {category}"),
    "address not verified": Reason(
        "address_not_verified", "the person has not verified the e-mail address"
    ),
    "phone not verified": Reason("phone_not_verified", "the person has not verified the phone"),
    "no address": NO_ADDRESS,
    "no_address": NO_ADDRESS,
    "number changed": Reason("number_changed", "the code was for another phone number"),
    # The message.
    "retracted": Reason("retracted", "its sender has taken it back"),
    "codes go by another channel": Reason("not_for_codes", "codes are not sent by {channel}"),
    "template has no such part": NO_PART,
    "NothingToSay": NO_PART,
    "too old": Reason("too_old", "it waited too long and is out of date"),
    "code expired": Reason("code_expired", "its code expired"),
    "code void": Reason("code_void", "its code is void"),
    "RenderingFailed": Reason("rendering_failed", "the template could not be rendered"),
    "payload_too_large": Reason("payload_too_large", "it is longer than the provider accepts"),
    # The time.
    "send_at": Reason("send_at", "its sender chose this time"),
    "quiet_hours": Reason("quiet_hours", "the person has quiet hours"),
    "unread": Reason("unread", "the person may see it in the inbox first"),
    "read_in_inbox": Reason("read_in_inbox", "the person has seen it in the inbox"),
    "digest": Reason("digest", "the person gets such mails in a digest"),
    # Limits.
    "too many text messages": Reason(
        "too_many_text_messages", "the limit of text messages to the number or in all is reached"
    ),
    # Providers.
    "throttled": Reason("throttled", "the provider accepts no more messages for now"),
    "unavailable": Reason("unavailable", "the provider is unavailable"),
    "timeout": Reason("timeout", "the provider did not answer in time"),
    "misconfigured": Reason("misconfigured", "our access to the provider is not set up correctly"),
    "circuit_open": Reason("circuit_open", "calls of the provider are paused after its failures"),
    "the provider is slow": Reason("provider_slow", "the provider is slow"),
    "the provider did not answer after it had the message": Reason(
        "no_answer", "the provider did not answer after it had the message"
    ),
    "a process died between sending and recording": Reason(
        "process_died", "a process died between sending and recording"
    ),
    "mailbox_busy": Reason("mailbox_busy", "the mailbox does not accept mails for now"),
    "unknown_recipient": Reason("unknown_recipient", "the mailbox does not exist"),
    "bad_address": Reason("bad_address", "the provider does not accept the address"),
    "refused": Reason("refused", "the provider or the recipient's server refused it"),
    "rejected": Reason("rejected", "the provider rejected it"),
    "opted_out": Reason("opted_out", "the owner of the number wants no text messages"),
    "dead_device": Reason("dead_device", "the app is no longer installed on the device"),
    "unknown_endpoint": Reason("unknown_endpoint", "the provider does not know the device"),
    "bad_certificate": Reason("bad_certificate", "the certificate of the server is not valid"),
    "redirect": Reason("redirect", "the server redirects, which is not followed"),
    "no_public_host": Reason("no_public_host", "the server is not on the public internet"),
    "unresolved": Reason("unresolved", "the name of the server is not known"),
    "hard_bounce": Reason("hard_bounce", "the mail bounced permanently"),
    "soft_bounce": Reason("soft_bounce", "the mail bounced; the next one may arrive"),
    "complaint": Reason("complaint", "the recipient marked it as unwanted"),
}
# The same reason means something else if nothing was sent.
SUPPRESSED: Final = {
    "hard_bounce": Reason("hard_bounce", "an earlier mail to the address bounced permanently"),
    "complaint": Reason("complaint", "the owner of the address complained about an earlier mail"),
}
IN_DIGEST: Final = re.compile(r"in digest (\w+)")
FREQUENCY_CAP: Final = re.compile(r"frequency_cap ([a-z0-9._-]{1,64}) (\d+)/(\d+)([hd])")
UNITS: Final = {"h": "hour", "d": "day"}
_ERROR: Final = re.compile(r"[A-Z][A-Za-z]{1,60}")
_NO_DATA: Final = re.compile(r"[a-z_ ]{1,100}")


def reason_of(
    stored: str | None, status: str, *, channel: str, category: str
) -> tuple[str, str] | None:
    """Return the code and the clause of a recorded reason; None if there is none."""
    if stored is None:
        return None
    known = (SUPPRESSED if status == DeliveryStatus.SUPPRESSED else {}).get(stored)
    known = known or REASONS.get(stored)
    if known is not None:
        return known.code, known.clause.format(channel=channel, category=category)
    if digest := IN_DIGEST.fullmatch(stored):
        return "in_digest", f"it is in the digest {digest[1]}"
    if cap := FREQUENCY_CAP.fullmatch(stored):
        what, most, number, unit = cap.groups()
        period = UNITS[unit] if number == "1" else f"{number} {UNITS[unit]}s"
        clause = f"the person got the most messages of {what} by {channel}: {most} in {period}"
        return "frequency_cap", clause
    if _ERROR.fullmatch(stored):
        return "error", f"the error {stored} in our code or our data"
    if _NO_DATA.fullmatch(stored):
        return "other", f"the recorded reason is: {cut(stored, MAX_CHARACTERS)}"
    return "other", "the recorded reason is not known to this release"
