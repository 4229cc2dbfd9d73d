"""Decide which customer URLs may be called: only https, and no address of our own network.

A user who gives us a URL could make us call hosts that only we can reach (server-side request
forgery). `HttpsUrl.parse` checks the URL itself, when it is stored and when it is called. The name
is resolved once per call. All its addresses are checked, and the connection goes to a checked
address, so a name that changes in between (DNS rebinding) gains nothing.
"""

import ipaddress
import re
import socket
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from threading import Thread
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tidings.platform.providers.deadline import CONNECT_SECONDS, Deadline
from tidings.platform.providers.failures import TIMEOUT, PermanentFailure, TemporaryFailure
from tidings.platform.providers.special_networks import is_special

MAX_URL_CHARACTERS: Final = 2_000
HTTPS_PORT: Final = 443
FIRST_FREE_PORT: Final = 1024
MAX_HOST_CHARACTERS: Final = 253
LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# An IPv6 address without a zone, and perhaps a port.
BRACKETED: Final = re.compile(r"\[[0-9a-f.]*:[0-9a-f.:]*\](:[0-9]*)?", re.IGNORECASE)
# Top-level names that are not on the internet (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
LOCAL_NAMES: Final = frozenset(
    {
        *("alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local"),
        *("localdomain", "localhost", "onion", "private", "test"),
    }
)
# The same reason for a private address and for an unknown name: a difference would reveal which
# names exist inside.
NO_PUBLIC_HOST: Final = "no_public_host"
UNRESOLVED: Final = "unresolved"
# Errors of the resolver itself, not of a name.
NOT_NOW: Final = frozenset(
    {socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_MEMORY, socket.EAI_SYSTEM}
)


@dataclass(frozen=True)
class HttpsUrl:
    """A customer's URL that passed the checks."""

    host: str
    port: int
    # Path and query.
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse and check a URL.

        Raises:
            ValueError: the URL is not https, has a login, a fragment or a reserved port, or its
                host cannot be public. The message can be shown.
        """
        if len(url) > MAX_URL_CHARACTERS or not url.isascii() or any(c <= " " for c in url):
            raise ValueError("this is not a URL")
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("the URL must begin with https:// and name a host")
        if "@" in parts.netloc or "\\" in url or parts.fragment:
            raise ValueError("the URL must have no login and no fragment")
        # Programs interpret other bracketed text differently.
        if "[" in parts.netloc and not BRACKETED.fullmatch(parts.netloc):
            raise ValueError("the URL must name a host")
        port = HTTPS_PORT if parts.port is None else parts.port
        if port != HTTPS_PORT and port < FIRST_FREE_PORT:
            raise ValueError("the port must be 443, or 1024 and above")
        _check_host(parts.hostname)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, port, target)


def is_public(address: str) -> bool:
    """Say whether an IP address is a public unicast address."""
    return not is_special(ipaddress.ip_address(address.partition("%")[0]))


def public_address(url: HttpsUrl, deadline: Deadline) -> str:
    """Resolve a host and return an address that may be called.

    Raises:
        PermanentFailure: `no_public_host`: the name does not exist, or one of its addresses is not
            public; the error does not tell which.
        TemporaryFailure: the name cannot be resolved now.
    """
    addresses = [str(each[4][0]) for each in _resolve(url, deadline)]
    if not addresses or not all(is_public(each) for each in addresses):
        raise _no_public_host()
    return addresses[0]


def _no_public_host() -> PermanentFailure:
    return PermanentFailure(NO_PUBLIC_HOST, "the host is not on the public internet")


def _check_host(host: str) -> None:
    """Refuse a host that cannot be public, whatever a resolver returns.

    Raises:
        ValueError: the host cannot be public; the message can be shown.
    """
    address = _literal(host)
    if address is not None:
        if is_special(address):
            raise ValueError("the host must be on the public internet")
        return
    labels = host.lower().removesuffix(".").split(".")
    if len(host) > MAX_HOST_CHARACTERS or not all(LABEL.fullmatch(each) for each in labels):
        raise ValueError("the URL must name a host")
    # The last label of an internet name has a letter. Otherwise resolvers may read it as an
    # address.
    is_name = len(labels) > 1 and any(each.isalpha() for each in labels[-1])
    if not is_name or labels[-1] in LOCAL_NAMES or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        raise ValueError("the host must be on the public internet")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, or None if it is a name.

    It also reads 0x7f.1, 017700000001 and 2130706433, as resolvers do.
    """
    bare = host.removesuffix(".")
    try:
        if ":" in bare:
            return ipaddress.IPv6Address(bare)
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except (OSError, ValueError):
        return None


def lookup(host: str, port: int) -> list[Any]:
    """Ask the system's resolver, which also reads 0x7f.1 and 2130706433 as addresses."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _resolve(url: HttpsUrl, deadline: Deadline) -> list[Any]:
    """Resolve the name in a thread, because the resolver has no timeout of its own."""
    answer: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(lookup(url.host, url.port))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(deadline.left(CONNECT_SECONDS))
    except TooLate as error:
        raise TemporaryFailure(TIMEOUT, "the name was not resolved in time") from error
    except UnicodeError as error:
        raise _no_public_host() from error
    except OSError as error:
        if isinstance(error, socket.gaierror) and error.errno in NOT_NOW:
            raise TemporaryFailure(UNRESOLVED, "the name cannot be resolved now") from error
        raise _no_public_host() from error
