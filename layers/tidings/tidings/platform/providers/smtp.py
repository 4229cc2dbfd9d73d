"""Any SMTP server, by its URL: `smtp://`, `smtp+starttls://` or `smtps://user:password@host`."""

import re
import smtplib
import ssl
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit

from tidings.platform.providers.deadline import ANSWER_SECONDS, CONNECT_SECONDS, Deadline
from tidings.platform.providers.failures import (
    MISCONFIGURED,
    TIMEOUT,
    UNAVAILABLE,
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
)

PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# The server says goodbye (RFC 5321 section 3.8).
CLOSING: Final = 421
MAX_ANSWER_CHARACTERS: Final = 200
UNKNOWN_RECIPIENT: Final = "unknown_recipient"
# The second number says what is wrong: 1 the address, 7 the server's rules (RFC 3463).
_ENHANCED: Final = re.compile(rb"5\.(\d{1,3})\.\d{1,3}\b")
# Of servers that say no more: there is no such mailbox, it moved, its name cannot be.
_NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})

_lock = threading.Lock()
# The connection of the last mail and the URL that it belongs to.
_warm: list[tuple[str, smtplib.SMTP]] = []


def send(url: str, raw: bytes, *, sender: str, recipient: str, deadline: Deadline) -> str:
    """Hand over a mail, through a connection that is kept for the next one.

    Returns:
        What the server answered; many name it in their queue there.

    Raises:
        TemporaryFailure: the server cannot take it now.
        PermanentFailure: the server will not take it.
    """
    with _lock:
        try:
            session = _session(url, sender.rpartition("@")[2], deadline)
            return _transfer(session, raw, sender, recipient, deadline)
        except DeliveryFailure:
            close()
            raise
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            close()
            raise TemporaryFailure(MISCONFIGURED, type(error).__name__) from error
        except ssl.SSLCertVerificationError as error:
            close()
            raise TemporaryFailure(
                MISCONFIGURED, "the server's certificate does not hold"
            ) from error
        except OSError as error:  # smtplib's own errors are such, too
            close()
            raise TemporaryFailure(UNAVAILABLE, type(error).__name__) from error


def close() -> None:
    """Close the connection that is kept."""
    while _warm:
        _, session = _warm.pop()
        with suppress(OSError):
            session.close()


def tls_context() -> ssl.SSLContext:
    """Return what decides which servers are trusted."""
    return ssl.create_default_context()


def _session(url: str, own_name: str, deadline: Deadline) -> smtplib.SMTP:
    """Return the connection that is kept, if it still lives, or a new one."""
    if _warm and _warm[0][0] == url:
        session = _warm[0][1]
        with suppress(OSError):
            if _in_time(session, deadline).noop()[0] == 250:
                return session
    close()
    session = _connect(url, own_name, deadline)
    _warm.append((url, session))
    return session


def _connect(url: str, own_name: str, deadline: Deadline) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    seconds = deadline.left(CONNECT_SECONDS)
    session: smtplib.SMTP
    if parts.scheme == "smtps":
        session = smtplib.SMTP_SSL(host, port, own_name, timeout=seconds, context=tls_context())
    else:
        session = smtplib.SMTP(host, port, own_name, timeout=seconds)
    if parts.scheme == "smtp+starttls":
        # Raises where the server does not offer it: nothing is sent in the clear instead.
        _in_time(session, deadline).starttls(context=tls_context())
    if parts.username:
        login = unquote(parts.username), unquote(parts.password or "")
        _in_time(session, deadline).login(*login)
    _in_time(session, deadline).ehlo_or_helo_if_needed()
    return session


def _transfer(
    session: smtplib.SMTP, raw: bytes, sender: str, recipient: str, deadline: Deadline
) -> str:
    code, _ = _in_time(session, deadline).mail(sender)
    if code >= 400:
        raise TemporaryFailure(MISCONFIGURED if code >= 500 else UNAVAILABLE, f"MAIL: {code}")
    code, said = _in_time(session, deadline).rcpt(recipient)
    if code >= 500:
        raise PermanentFailure(_why_refused(code, said), f"RCPT: {code}")
    if code >= 400:
        of_provider = code == CLOSING
        raise TemporaryFailure("mailbox_busy", f"RCPT: {code}", of_provider=of_provider)
    code, answer = _content(session, raw, deadline)
    if code >= 500:
        raise PermanentFailure("rejected", f"DATA: {code}")
    if code >= 400:
        raise TemporaryFailure(UNAVAILABLE, f"DATA: {code}")
    return answer.decode(errors="replace")[:MAX_ANSWER_CHARACTERS]


def _why_refused(code: int, said: bytes) -> str:
    """Tell an address that does not exist from one that is refused by rule, or is full."""
    enhanced = _ENHANCED.match(said)
    is_unknown = enhanced[1] == b"1" if enhanced else code in _NO_SUCH_MAILBOX
    return UNKNOWN_RECIPIENT if is_unknown else "refused"


def _content(session: smtplib.SMTP, raw: bytes, deadline: Deadline) -> tuple[int, bytes]:
    try:
        return _in_time(session, deadline).data(raw)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, b""
    except OSError as error:
        # The mail was on its way; only the server knows whether it took it.
        raise TemporaryFailure(TIMEOUT, "no answer to the mail", maybe_sent=True) from error


def _in_time(session: smtplib.SMTP, deadline: Deadline) -> smtplib.SMTP:
    if session.sock is not None:
        session.sock.settimeout(deadline.left(ANSWER_SECONDS))
    return session
