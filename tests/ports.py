"""Free ports for servers that tests start."""

import socket


def free_port() -> int:
    """Return a port of the loopback on which no process listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
