"""Keep LocalStack's own server on the loopback.

LocalStack 4.12 passes the host of GATEWAY_LISTEN to Twisted for IPv6 only: for IPv4 it omits the
interface, which means all interfaces of the machine. Any program that reaches that port can read
every secret and call every function, because LocalStack accepts any credentials.
"""

from __future__ import annotations

import ipaddress
from typing import Any

LOOPBACK = "127.0.0.1"


def listen_on_loopback_only(reactor_class: type[Any]) -> None:
    """Make every TCP port that a reactor of this class opens a port of the loopback.

    All of LocalStack's servers open their ports with the reactor.

    Args:
        reactor_class: Twisted's `PosixReactorBase`.
    """
    listen = reactor_class.listenTCP

    def listen_on_loopback(
        self: Any, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> Any:
        return listen(self, port, factory, backlog, loopback_of(interface))

    reactor_class.listenTCP = listen_on_loopback


def loopback_of(interface: str) -> str:
    """Return the interface if it is a loopback address, else the loopback."""
    try:
        is_loopback = ipaddress.ip_address(interface).is_loopback
    except ValueError:
        is_loopback = False
    return interface if is_loopback else LOOPBACK
