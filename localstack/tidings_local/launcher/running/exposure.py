"""Check that no process of a stack listens where other machines can reach it."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import psutil

from ..errors import LauncherError
from .orphans import processes_of
from .stack import Stack

LOOK_AGAIN_SECONDS = 1.0
LOOKS = 15
"""A client's UDP socket looks like a listener while it waits for an answer."""
TAKES_NO_UDP = "rabbitmq"
"""RabbitMQ asks name servers for this machine's name at each start, for half a minute if none
answers, and `make up` would wait for that. None of its plugins listens on UDP."""


@dataclass(frozen=True, order=True)
class Listener:
    service: str
    address: str
    port: int
    transport: str = "tcp"

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        address = ipaddress.ip_address(self.address)
        mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1
        return bool((mapped or address).is_loopback)

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.service or 'supervisord'} listens on {self.transport} {address}:{self.port}"


def check_listeners(stack: Stack) -> None:
    """Check every port on which a process of the stack listens.

    Raises:
        LauncherError: one of them is not on the loopback.
    """
    exposed, looks = exposed_listeners(stack), 1
    while exposed and looks < LOOKS:
        time.sleep(LOOK_AGAIN_SECONDS)
        exposed &= exposed_listeners(stack)
        looks += 1
    if exposed:
        places = "; ".join(map(str, sorted(exposed)))
        raise LauncherError(
            f"{places}: other machines can reach this",
            hint="a stack may listen on the loopback only; make down stops it",
        )


def exposed_listeners(stack: Stack) -> set[Listener]:
    return {listener for listener in listeners_of(stack) if not listener.is_private}


def listeners_of(stack: Stack) -> set[Listener]:
    """Return the listeners of the stack's processes, including functions."""
    services = {process.pid: service for process, service in processes_of(stack)}
    return {
        listener
        for pid, connection in sockets_of(services)
        for listener in _listeners(connection, services[pid])
    }


def sockets_of(pids: Collection[int]) -> Iterator[tuple[int, psutil._ntuples.sconn]]:
    """Yield the internet sockets of these processes, each socket once.

    All sockets are read at once, which takes 0.06 s. A request for each process would read all of
    them each time: 1.5 s of CPU time for 190 processes.
    """
    try:
        found = psutil.net_connections(kind="inet")
    except psutil.AccessDenied:  # macOS: only root may read all of them
        found = [each for pid in pids for each in _sockets_of_one(pid)]
    for each in found:
        if each.pid is not None and each.pid in pids:
            yield each.pid, each


def _sockets_of_one(pid: int) -> Iterator[psutil._ntuples.sconn]:
    try:
        for each in psutil.Process(pid).net_connections(kind="inet"):
            yield psutil._ntuples.sconn(*each, pid)
    except (psutil.Error, OSError):  # it ended meanwhile
        return


def _listeners(connection: psutil._ntuples.sconn, service: str) -> Iterator[Listener]:
    if not connection.laddr:
        return
    address, port = connection.laddr
    if connection.type == socket.SOCK_DGRAM:
        if service != TAKES_NO_UDP and not connection.raddr:
            yield Listener(service, address, port, "udp")
    elif connection.status == psutil.CONN_LISTEN:
        yield Listener(service, address, port)
