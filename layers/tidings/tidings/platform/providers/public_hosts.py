"""Which addresses of strangers may be called: https, and nothing inside of our own network.

Whoever gives us a URL could make us call what only we can reach (server-side request forgery).
The name is resolved once, every address of it is looked at, and the connection goes to the
address that was looked at: a name that changes its mind in between (DNS rebinding) gains
nothing.
"""

import ipaddress
import socket
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from threading import Thread
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tidings.platform.providers.deadline import CONNECT_SECONDS, Deadline
from tidings.platform.providers.failures import TIMEOUT, PermanentFailure, TemporaryFailure

MAX_URL_CHARACTERS: Final = 2_000
HTTPS_PORT: Final = 443
FIRST_FREE_PORT: Final = 1024
# IPv4 addresses inside of IPv6 ones (RFC 6052, RFC 3056): what they lead to counts.
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class HttpsUrl:
    """Where a stranger wants to be called."""

    host: str
    port: int
    # Path and query.
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take a URL apart.

        Raises:
            ValueError: it is not https, has a login, a fragment or a service's port in it, or
                is no URL; the message can be shown.
        """
        if len(url) > MAX_URL_CHARACTERS or not url.isascii() or any(c <= " " for c in url):
            raise ValueError("this is no URL")
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("the URL must begin with https:// and name a host")
        if "@" in parts.netloc or "\\" in url or parts.fragment:
            raise ValueError("the URL must have no login and no fragment")
        port = parts.port or HTTPS_PORT
        if port != HTTPS_PORT and port < FIRST_FREE_PORT:
            raise ValueError("the port must be 443, or 1024 and above")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, port, target)


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the internet's, for one machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def public_address(url: HttpsUrl, deadline: Deadline) -> str:
    """Resolve a host and return an address of it that may be called.

    Raises:
        PermanentFailure: `private_address`, if any of its addresses is not public.
        TemporaryFailure: the name cannot be resolved now.
    """
    addresses = [str(each[4][0]) for each in _resolve(url, deadline)]
    if not addresses or not all(is_public(each) for each in addresses):
        raise PermanentFailure("private_address", "the host is not on the public internet")
    return addresses[0]


def lookup(host: str, port: int) -> list[Any]:
    """Ask the system's resolver, which also reads 0x7f.1 and 2130706433 as addresses."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _resolve(url: HttpsUrl, deadline: Deadline) -> list[Any]:
    """Ask the resolver, which has no timeout of its own, and stop listening in time."""
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
    except (OSError, UnicodeError) as error:
        raise TemporaryFailure("unknown_host", type(error).__name__) from error
