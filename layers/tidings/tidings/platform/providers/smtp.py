"""Send through any SMTP server: `smtp://`, `smtp+starttls://` or `smtps://user:password@host`."""

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
    Undeliverable,
)
from tidings.platform.text.cuts import cut
from tidings.platform.text.hostnames import ascii_host

PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# The server closes the connection (RFC 5321 section 3.8).
CLOSING: Final = 421
MAX_ANSWER_CHARACTERS: Final = 200
UNKNOWN_RECIPIENT: Final = "unknown_recipient"
# The second number tells the cause: 1 is the address, 7 the server's policy (RFC 3463).
_ENHANCED: Final = re.compile(rb"5\.(\d{1,3})\.\d{1,3}\b")
# For servers without enhanced codes: the mailbox does not exist, has moved, or its name is not
# allowed.
_NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
# The server requires a login, or another one (RFC 4954 section 6).
_OURS: Final = frozenset({530, 534, 535, 538})
# "Relay access denied", "unable to relay": the server does not accept our mail for other domains.
_NO_RELAY: Final = b"relay"
# Temporary, and not because of the mailbox: system, network, protocol, content, policy (RFC 3463).
_OF_THE_SERVER: Final = re.compile(rb"4\.[3-7]\.\d{1,3}\b")

_lock = threading.Lock()
# The connection of the last mail, and its URL.
_warm: list[tuple[str, smtplib.SMTP]] = []


def send(url: str, raw: bytes, *, sender: str, recipient: str, deadline: Deadline) -> str:
    """Send a mail through a connection that stays open for the next one.

    Returns:
        The server's answer, which often contains its queue id.

    Raises:
        TemporaryFailure: the server cannot accept the mail now.
        PermanentFailure: the server refuses the mail.
        Undeliverable: the server does not accept mail for this recipient.
    """
    with _lock:
        try:
            session = _begun(url, sender, deadline)
            return _transfer(session, raw, recipient, deadline)
        except DeliveryFailure:
            close()
            raise
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            close()
            raise TemporaryFailure(MISCONFIGURED, type(error).__name__) from error
        except UnicodeError as error:
            close()
            raise TemporaryFailure(MISCONFIGURED, "the server's name is not a host name") from error
        except ssl.SSLCertVerificationError as error:
            close()
            raise TemporaryFailure(
                MISCONFIGURED, "the server's certificate is not valid"
            ) from error
        except OSError as error:  # smtplib's errors are OSErrors, too
            close()
            raise TemporaryFailure(UNAVAILABLE, type(error).__name__) from error


def close() -> None:
    """Close the open connection, if there is one."""
    while _warm:
        _, session = _warm.pop()
        with suppress(OSError):
            session.close()


def tls_context() -> ssl.SSLContext:
    """Return the context that decides which servers are trusted."""
    return ssl.create_default_context()


def _begun(url: str, sender: str, deadline: Deadline) -> smtplib.SMTP:
    """Begin a mail on the open connection if it still works, or on a new one.

    A server may have closed the open one. Nothing of the mail is lost by that.
    """
    if _warm and _warm[0][0] == url:
        session = _warm[0][1]
        with suppress(OSError):
            if _in_time(session, deadline).mail(sender)[0] == 250:
                return session
    close()
    session = _connect(url, sender.rpartition("@")[2], deadline)
    _warm.append((url, session))
    code, _ = _in_time(session, deadline).mail(sender)
    if code >= 400:
        raise TemporaryFailure(MISCONFIGURED if code >= 500 else UNAVAILABLE, f"MAIL: {code}")
    return session


def _connect(url: str, own_name: str, deadline: Deadline) -> smtplib.SMTP:
    parts = urlsplit(url)
    # smtplib would encode the name by IDNA 2003 and reach another server.
    host, port = ascii_host(parts.hostname or ""), parts.port or PORTS[parts.scheme]
    seconds = deadline.left(CONNECT_SECONDS)
    session: smtplib.SMTP
    if parts.scheme == "smtps":
        session = smtplib.SMTP_SSL(host, port, own_name, timeout=seconds, context=tls_context())
    else:
        session = smtplib.SMTP(host, port, own_name, timeout=seconds)
    if parts.scheme == "smtp+starttls":
        # Raises if the server does not support STARTTLS, so nothing is sent unencrypted.
        _in_time(session, deadline).starttls(context=tls_context())
    if parts.username:
        login = unquote(parts.username), unquote(parts.password or "")
        _in_time(session, deadline).login(*login)
    _in_time(session, deadline).ehlo_or_helo_if_needed()
    return session


def _transfer(session: smtplib.SMTP, raw: bytes, recipient: str, deadline: Deadline) -> str:
    code, said = _in_time(session, deadline).rcpt(recipient)
    if code in _OURS or (code >= 500 and _NO_RELAY in said.lower()):
        raise TemporaryFailure(MISCONFIGURED, f"RCPT: {code}")
    if code >= 500:
        raise Undeliverable(_why_refused(code, said), f"RCPT: {code}")
    if code >= 400:
        raise TemporaryFailure(
            "mailbox_busy",
            f"RCPT: {code}",
            of_provider=code == CLOSING,
            of_recipient=code != CLOSING and not _OF_THE_SERVER.match(said),
        )
    code, answer = _content(session, raw, deadline)
    if code >= 500:
        raise PermanentFailure("rejected", f"DATA: {code}")
    if code >= 400:
        raise TemporaryFailure(UNAVAILABLE, f"DATA: {code}")
    return cut(answer.decode(errors="replace"), MAX_ANSWER_CHARACTERS)


def _why_refused(code: int, said: bytes) -> str:
    """Distinguish an unknown address from one that is refused by policy or is full."""
    enhanced = _ENHANCED.match(said)
    is_unknown = enhanced[1] == b"1" if enhanced else code in _NO_SUCH_MAILBOX
    return UNKNOWN_RECIPIENT if is_unknown else "refused"


def _content(session: smtplib.SMTP, raw: bytes, deadline: Deadline) -> tuple[int, bytes]:
    try:
        return _in_time(session, deadline).data(raw)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, b""
    except OSError as error:
        # The mail was sent; only the server knows whether it accepted it.
        raise TemporaryFailure(TIMEOUT, "no answer to the mail", maybe_sent=True) from error


def _in_time(session: smtplib.SMTP, deadline: Deadline) -> smtplib.SMTP:
    if session.sock is not None:
        session.sock.settimeout(deadline.left(ANSWER_SECONDS))
    return session
