"""A mail as it goes over the wire (RFC 5322, RFC 2045): nothing in a name becomes a header."""

import re
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final, NamedTuple

from tidings.delivery.errors import PermanentFailure
from tidings.delivery.schemas import OutgoingMessage

MAX_SUBJECT_CHARACTERS: Final = 200
MAX_NAME_CHARACTERS: Final = 100
# Everything in 7 bits, for servers without 8BITMIME. Lines as long as RFC 5322 allows: an
# unbroken link must not be folded into encoded words, which nobody would read as a link.
WIRE: Final = policy.SMTP.clone(max_line_length=998, cte_type="7bit")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Mail(NamedTuple):
    """A mail and its envelope."""

    raw: bytes
    sender: str
    recipient: str


def mail_of(message: OutgoingMessage, *, mail_from: str, at: datetime) -> Mail:
    """Return a message as a mail.

    Its Message-ID follows from the notification: a receiver can tell a repetition.

    Raises:
        PermanentFailure: `no_address`, `bad_address`.
    """
    sender_name, sender = parseaddr(mail_from)
    domain = sender.rpartition("@")[2]
    recipient = _recipient(message.address.email)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = _mailbox(sender_name, sender)
    mail["To"] = _mailbox(message.address.name, recipient)
    mail["Subject"] = _line(message.rendered.subject, MAX_SUBJECT_CHARACTERS)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message.notification_id}@{domain}>"
    # RFC 3834: no out-of-office answers to this, please.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Notification-Id"] = message.notification_id
    if message.correlation_id:
        mail["X-Correlation-Id"] = _line(message.correlation_id, 128)
    if message.unsubscribe_url:  # RFC 8058
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _write(mail, message)
    return Mail(mail.as_bytes(policy=WIRE), sender, recipient)


def _write(mail: EmailMessage, message: OutgoingMessage) -> None:
    text, html = (_encodable(each) for each in (message.rendered.text, message.rendered.html))
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    if html:
        mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")


def _recipient(address: str | None) -> str:
    """Return an address as servers without SMTPUTF8 take it: its domain in punycode."""
    if not address:
        raise PermanentFailure("no_address", "the person has no e-mail address")
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode()}"
        MailAddress(addr_spec=plain)
    except (ValueError, IndexError, MessageError):
        raise PermanentFailure("bad_address", "the e-mail address is malformed") from None
    if not plain.isascii() or _CONTROL.search(plain) or " " in plain:
        raise PermanentFailure("bad_address", "the e-mail address cannot be written to")
    return plain


def _mailbox(name: str, address: str) -> MailAddress:
    return MailAddress(display_name=_line(name, MAX_NAME_CHARACTERS), addr_spec=address)


def _line(text: str, limit: int) -> str:
    """Return text as one line: a line break would begin another header."""
    return _CONTROL.sub(" ", text).strip()[:limit]


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
