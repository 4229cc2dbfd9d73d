"""Checks of the stack's ports: other programs on them, other stacks with the same ones."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from getpass import getuser
from pathlib import Path

import psutil

from ...running.exposure import exposed_listeners
from ...running.orphans import processes_of
from ...running.ports import BLOCK_SIZE, LAST_BASE, Ports
from ...running.stack import Stack
from .finding import Finding, bad, listed, ok, warn
from .installation import Installation

OTHER_PORTS = "stop it, or choose other ports: TIDINGS_PORT_BASE=... make up"


def check_ports(installation: Installation) -> Finding:
    """Find foreign processes on the stack's ports, and ports that other machines reach."""
    stack = installation.stack
    if exposed := exposed_listeners(stack):
        return bad(
            f"other machines reach this: {listed(sorted(exposed))}", "make down, then make up"
        )
    if installation.settings.engine == "docker":
        return ok("they belong to containers")
    foreign = {port: who for port, who in listeners().items() if port in ports_of(stack.ports)}
    own = {process.pid for process, _ in processes_of(stack)}
    foreign = {port: pid for port, pid in foreign.items() if pid not in own}
    if foreign:
        told = listed(f"{port}: {_name(pid)}" for port, pid in sorted(foreign.items()))
        return bad(f"other programs have ports of this stack: {told}", OTHER_PORTS)
    first = stack.ports.base
    return ok(f"{first} to {first + BLOCK_SIZE - 1} and the others belong to the stack or are free")


def check_other_stacks(installation: Installation) -> Finding:
    """Find other stacks that have ports of this one."""
    stack = installation.stack
    mine = ports_of(stack.ports)
    others = dict(other_stacks(stack, claims_folder()))
    same = [str(folder) for folder, ports in others.items() if mine & ports_of(ports)]
    if same:
        return warn(
            f"have ports of this stack: {listed(same)}",
            "run one of them at a time, or choose other ports: TIDINGS_PORT_BASE=... make up",
        )
    return ok(f"{len(others)} other stacks, all with other ports")


def ports_of(ports: Ports) -> set[int]:
    """Return every port of a stack, without the range that LocalStack may use inside."""
    block = {ports.base + offset for offset in range(BLOCK_SIZE)}
    return block | {ports.localstack, ports.live, ports.runner_metrics}


def listeners() -> dict[int, int | None]:
    """Return the process that listens on each port; None if the system does not tell it."""
    found: dict[int, int | None] = {}
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr:
            found[each.laddr[1]] = each.pid
    return found


def other_stacks(stack: Stack, claims: Path) -> Iterator[tuple[Path, Ports]]:
    """Yield the stacks of this clone, and those of other clones that claimed a block."""
    folders = set(stack.folder.parent.glob("*/")) | set(_claimed(claims))
    for folder in sorted(folders - {stack.folder}):
        base = _base_of(folder)
        if base is not None and base < LAST_BASE:
            yield folder, Ports(base)


def claims_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"tidings-ports-{getuser()}"


def _claimed(claims: Path) -> Iterator[Path]:
    for claim in claims.glob("[0-9]*"):
        yield Path(claim.read_text())


def _base_of(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / "stack.json").read_text())["port_base"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _name(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
