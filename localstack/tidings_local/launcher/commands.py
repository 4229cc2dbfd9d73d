"""The commands of the launcher by name, each in its group.

A group is imported for its own commands only: AWS's SDK and the tools of `make dev` take longer to
import than `make status` takes to run.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

ROOMS = {
    "running": (
        "down",
        "status",
        "monitoring",
        "clean-data",
        "declare-topology",
    ),
    "deploying": (
        "up",
        "deploy",
        "rotate-keys",
    ),
    "developing": (
        "dev",
        "gateway",
        "test",
        "test-faults",
        "soak",
        "fuzz",
        "test-browser",
        "test-requests",
        "bench",
        "lint",
        "contracts",
        "client",
        "docs",
        "cost",
        "second-emulator",
        "new-operation",
        "new-consumer",
        "new-rule",
        "freeze-events",
    ),
    "operating": (
        "demo",
        "logs",
        "trace",
        "audit",
        "doctor",
        "run-rule",
        "create-admin",
        "create-service",
        "services",
        "set-team",
        "set-callback",
        "revoke-service",
        "import-products",
    ),
}
COMMANDS = {name: room for room, names in ROOMS.items() for name in names}
"""The group of each command."""

Command = Callable[[], int]
"""Runs a make target's command; returns the exit status."""


def command(name: str) -> Command | None:
    """Return the command of a make target, or None."""
    if name not in COMMANDS:
        return None
    room = import_module(f"{__package__}.{COMMANDS[name]}.commands")
    found: Command = room.COMMANDS[name]
    return found
