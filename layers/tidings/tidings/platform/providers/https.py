"""POST to a customer's server: no redirects, no private addresses, limited time and size."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPException, HTTPSConnection
from threading import Timer
from typing import Final

from tidings.platform.providers.deadline import ANSWER_SECONDS, CONNECT_SECONDS, Deadline
from tidings.platform.providers.failures import (
    THROTTLED,
    TIMEOUT,
    UNAVAILABLE,
    PermanentFailure,
    TemporaryFailure,
)
from tidings.platform.providers.public_hosts import HttpsUrl, public_address

# 408 Request Timeout and 425 Too Early. Every 5xx is temporary, too.
_LATER: Final = frozenset({408, 425})
_TOO_MANY: Final = 429


def post(url: HttpsUrl, body: bytes, headers: Mapping[str, str], *, deadline: Deadline) -> int:
    """Send a body and return the status, which is 2xx.

    Only the status of the answer is read, so the answer cannot be too large.

    Raises:
        TemporaryFailure: the server is unreachable or too slow, or its status allows a retry.
        PermanentFailure: the server refuses, redirects, or is not on the public internet.
    """
    address = public_address(url, deadline)
    try:
        status = _status(url, address, body, headers, deadline)
    except ssl.SSLCertVerificationError as error:
        raise PermanentFailure("bad_certificate", "the certificate is not valid") from error
    except TimeoutError as error:
        raise TemporaryFailure(TIMEOUT, "no answer in time", maybe_sent=True) from error
    except (OSError, HTTPException) as error:
        raise TemporaryFailure(UNAVAILABLE, type(error).__name__, maybe_sent=True) from error
    if 200 <= status < 300:
        return status
    if 300 <= status < 400:
        raise PermanentFailure("redirect", f"status {status}: redirects are not followed")
    if status == _TOO_MANY:
        raise TemporaryFailure(THROTTLED, f"status {status}")
    if status in _LATER or status >= 500:
        raise TemporaryFailure(UNAVAILABLE, f"status {status}")
    raise PermanentFailure("refused", f"status {status}")


def tls_context() -> ssl.SSLContext:
    """Return the context that decides which servers are trusted."""
    return ssl.create_default_context()


def _status(
    url: HttpsUrl, address: str, body: bytes, headers: Mapping[str, str], deadline: Deadline
) -> int:
    seconds = deadline.left(CONNECT_SECONDS)
    raw = socket.create_connection((address, url.port), seconds)
    with tls_context().wrap_socket(
        raw, server_hostname=url.host, do_handshake_on_connect=False
    ) as encrypted:
        # A socket timeout applies to each read, so a server that sends a byte now and then would
        # never end.
        watchdog = Timer(deadline.left(), lambda: _cut(encrypted))
        watchdog.daemon = True
        watchdog.start()
        try:
            encrypted.settimeout(deadline.left(ANSWER_SECONDS))
            encrypted.do_handshake()
            connection = HTTPSConnection(url.host, url.port)
            connection.sock = encrypted
            connection.request("POST", url.target, body, {**headers, "Connection": "close"})
            with closing(connection.getresponse()) as response:
                return response.status
        finally:
            watchdog.cancel()


def _cut(encrypted: ssl.SSLSocket) -> None:
    with suppress(OSError):
        # Shuts down the plain socket, because TLS's own shutdown is not thread-safe.
        socket.socket.shutdown(encrypted, socket.SHUT_RDWR)
