"""Build a mail in wire format (RFC 5322, RFC 2045): our own headers and a multipart body."""

from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, NamedTuple

from tidings.delivery import headers
from tidings.delivery.errors import TemporaryFailure, Undeliverable
from tidings.delivery.schemas import OutgoingMessage
from tidings.platform.providers.failures import MISCONFIGURED
from tidings.platform.text.addresses import BadAddress, envelope_address, mailbox_parts

MAX_SUBJECT_CHARACTERS: Final = 200
MAX_NAME_CHARACTERS: Final = 100
# 7-bit only, for servers without 8BITMIME. 76 is the line limit of quoted-printable.
BODY: Final = policy.SMTP.clone(max_line_length=76, cte_type="7bit")


class Mail(NamedTuple):
    """A mail and its envelope."""

    raw: bytes
    sender: str
    recipient: str


def mail_of(message: OutgoingMessage, *, mail_from: str, at: datetime) -> Mail:
    """Return a message as a mail.

    Its Message-ID contains the notification's id, so a receiver can detect a repetition.

    Raises:
        Undeliverable: `no_address`, `bad_address`.
        TemporaryFailure: `misconfigured`: our sender name or link is not valid in a header.
    """
    recipient = _recipient(message.address.email)
    try:
        return _mail(message, mail_from, recipient, at)
    except ValueError as error:
        raise TemporaryFailure(MISCONFIGURED, str(error), of_provider=False) from error


def _mail(message: OutgoingMessage, mail_from: str, recipient: str, at: datetime) -> Mail:
    sender_name, sender = mailbox_parts(mail_from)
    shown, subject = message.address.name, message.rendered.subject
    domain = sender.rpartition("@")[2]
    lines = [
        ("From", headers.mailbox("From", sender_name, sender, at_most=MAX_NAME_CHARACTERS)),
        ("To", headers.mailbox("To", shown, recipient, at_most=MAX_NAME_CHARACTERS)),
        ("Subject", headers.text("Subject", subject, at_most=MAX_SUBJECT_CHARACTERS)),
        ("Date", format_datetime(at)),
        ("Message-ID", headers.exact(f"<{message.notification_id}@{domain}>")),
        # RFC 3834: asks mail programs not to send out-of-office replies.
        ("Auto-Submitted", "auto-generated"),
        ("X-Notification-Id", headers.exact(message.notification_id)),
        *_optional_lines(message),
    ]
    return Mail(headers.written(lines) + _body(message), sender, recipient)


def _optional_lines(message: OutgoingMessage) -> headers.Lines:
    lines = []
    if message.correlation_id:
        lines.append(("X-Correlation-Id", headers.exact(message.correlation_id)))
    if message.unsubscribe_url:  # RFC 8058: the link must not be folded
        lines.append(("List-Unsubscribe", headers.exact(f"<{message.unsubscribe_url}>")))
        lines.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return lines


def _body(message: OutgoingMessage) -> bytes:
    """Return the body with its content headers, which contain no personal data."""
    text, html = (_encodable(each) for each in (message.rendered.text, message.rendered.html))
    body = EmailMessage(policy=BODY)
    body.set_content(text, charset="utf-8", cte="quoted-printable")
    if html:
        body.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    return body.as_bytes()


def _recipient(address: str | None) -> str:
    if not address:
        raise Undeliverable("no_address", "the person has no e-mail address")
    try:
        return envelope_address(address)
    except BadAddress as error:
        raise Undeliverable("bad_address", str(error)) from None


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
