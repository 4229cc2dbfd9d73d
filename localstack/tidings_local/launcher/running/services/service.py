"""The properties of a service that the supervisor and the status use."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..ports import LOOPBACK

Probe = Callable[[], str]
"""Checks whether a service is ready: returns its version, or raises."""

PROBE_TIMEOUT_SECONDS = 2


@dataclass(frozen=True)
class Service:
    name: str
    command: list[str]
    probe: Probe
    ports: tuple[int, ...]
    environment: dict[str, str] = field(default_factory=dict)
    greeting: bytes = b""
    """A request that any server of this kind answers, sent to the first port. Therefore `make
    status` needs no client library, which takes longer to import than the rest of the command."""
    starts_after: int = 0
    """Lower ones are started first and stopped last."""
    restarts: bool = True
    stop_seconds: int = 10
    ready_seconds: int = 180
    """The patience with a service that lives but does not answer, for a machine with much load. A
    service that dies is reported at once."""


@dataclass(frozen=True)
class External:
    """A service that the supervisor does not run: it has a URL, or is in a container."""

    name: str
    url: str
    variable: str
    probe: Callable[[str], str]
    is_foreign: bool = True
    """Whether the service is external; otherwise it is a container of this stack."""


def answers(port: int) -> str:
    with socket.create_connection((LOOPBACK, port), timeout=PROBE_TIMEOUT_SECONDS):
        return ""


def greets(port: int, greeting: bytes) -> None:
    """Send a request to a server, and wait for any answer.

    Raises:
        OSError: it does not answer.
    """
    with socket.create_connection((LOOPBACK, port), timeout=PROBE_TIMEOUT_SECONDS) as server:
        server.sendall(greeting)
        if not server.recv(1):
            raise ConnectionError(f"no answer on port {port}")


def ask(
    url: str, *, timeout: float = PROBE_TIMEOUT_SECONDS, login: tuple[str, str] | None = None
) -> httpx.Response:
    """Send a plain HTTP request to a service on this machine.

    Args:
        url: begins with `http:`.
        timeout: in seconds.
        login: a name and a password.
    """
    # Without the certificate authorities of HTTPS: loading them takes a tenth of a second.
    options: dict[str, Any] = {"trust_env": False, "verify": False}
    return httpx.get(url, timeout=timeout, auth=login, **options)
