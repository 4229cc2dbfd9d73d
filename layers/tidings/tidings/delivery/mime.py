"""Build a mail in wire format (RFC 5322, RFC 2045): our own headers and a multipart body."""

from datetime import datetime
from email.quoprimime import body_encode
from email.utils import format_datetime
from typing import Final, NamedTuple

from tidings.delivery import headers
from tidings.delivery.errors import TemporaryFailure, Undeliverable
from tidings.delivery.outgoing import OutgoingMessage
from tidings.platform.providers.failures import MISCONFIGURED
from tidings.platform.text.addresses import BadAddress, envelope_address, mailbox_parts

MAX_SUBJECT_CHARACTERS: Final = 200
MAX_NAME_CHARACTERS: Final = 100
# 7-bit only, for servers without 8BITMIME.
PART_HEADERS: Final = (
    b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
)


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
    """Return the body with its content headers, which contain no personal data.

    `EmailMessage` would take most of the time of a mail for it.
    """
    text, html = message.rendered.text, message.rendered.html
    if not html:
        return b"MIME-Version: 1.0\r\n" + _part(b"plain", text)
    # RFC 2045, 6.7: quoted-printable text never contains "=_".
    boundary = f"=_{message.notification_id}".encode()
    return b"".join(
        (
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/alternative; boundary="%b"\r\n' % boundary,
            b"\r\n--%b\r\n%b" % (boundary, _part(b"plain", text)),
            b"\r\n--%b\r\n%b" % (boundary, _part(b"html", html)),
            b"\r\n--%b--\r\n" % boundary,
        )
    )


def _part(kind: bytes, text: str) -> bytes:
    """Return a text in quoted-printable with its headers, in lines of at most 76 characters."""
    lines = b"\r\n".join(text.encode(errors="replace").splitlines())
    return PART_HEADERS % kind + _quoted(lines) + b"\r\n"


def _quoted(lines: bytes) -> bytes:
    # `binascii.b2a_qp` writes lines of up to 78 characters.
    return body_encode(lines.decode("latin-1"), maxlinelen=76, eol="\r\n").encode("ascii")


def _recipient(address: str | None) -> str:
    if not address:
        raise Undeliverable("no_address", "the person has no e-mail address")
    try:
        return envelope_address(address)
    except BadAddress as error:
        raise Undeliverable("bad_address", str(error)) from None
