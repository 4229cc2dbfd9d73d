"""What the supervisor and the status need to know of a service."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ports import LOOPBACK

Probe = Callable[[], str]
"""Asks a service whether it is ready; returns its version, raises if it is not."""

PROBE_TIMEOUT_SECONDS = 2


@dataclass(frozen=True)
class Service:
    name: str
    command: list[str]
    probe: Probe
    ports: tuple[int, ...]
    environment: dict[str, str] = field(default_factory=dict)
    starts_after: int = 0
    """Lower ones are started first and stopped last."""
    restarts: bool = True
    stop_seconds: int = 10
    ready_seconds: int = 60


@dataclass(frozen=True)
class External:
    """A service that the supervisor does not run: reached by URL, or in a container."""

    name: str
    url: str
    variable: str
    probe: Callable[[str], str]
    is_foreign: bool = True
    """Whether somebody else runs it; else it is a container of this stack."""


def answers(port: int) -> str:
    with socket.create_connection((LOOPBACK, port), timeout=PROBE_TIMEOUT_SECONDS):
        return ""
