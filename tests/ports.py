"""Ports for servers that tests start."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def reserve(port: int = 0) -> socket.socket:
    """Return a socket that keeps a port of the loopback, on which it does not listen.

    Until it is closed, the kernel gives the port to no other program that asks for any port or
    opens a connection. A server that asks for this port, with SO_REUSEADDR, gets it.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", port))
    return reserved


@contextmanager
def reserved_port() -> Iterator[int]:
    """Keep a port of the loopback for a server that this test starts."""
    with reserve() as reserved:
        yield int(reserved.getsockname()[1])
