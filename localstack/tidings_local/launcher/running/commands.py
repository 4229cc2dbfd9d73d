"""The `make` commands for a stack that do not deploy."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

from .. import progress
from ..errors import LauncherError
from ..settings import Settings, load_options, load_settings
from . import docker, programs
from .exposure import check_listeners
from .lifecycle import startup, stop_all
from .services import monitoring
from .services.members import members_of
from .stack import Stack, find_stack
from .status import status as show_status
from .supervisor import find_running
from .topology import declare_topology as declare


def down() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    with stack.locked():
        stopped = stop_all(stack)
        if settings.engine == "docker":
            stopped |= docker.down(stack)
    progress.step(
        f"stack {stack.name} {'stopped, its data kept' if stopped else 'was not running'}"
    )
    return 0


def monitor() -> int:
    """Start Prometheus beside the running stack, and what else is installed."""
    settings = load_settings()
    stack = find_running(settings)
    if settings.engine == "docker":
        return _monitor_in_containers(stack, settings)
    programs.check([programs.PROMETHEUS])
    programs.install_missing([programs.PROMETHEUS])
    with stack.locked():
        stack.monitoring_mark.touch()
        members = members_of(stack, settings)
        names = {each.name for each in monitoring.services(stack, members.credentials)}
        with startup(stack, members) as attempt:
            attempt.begin()
            for name in names:
                attempt.wait_for(name)
        check_listeners(stack)
    for line in monitoring.addresses(stack):
        progress.show(line)
    for program in monitoring.missing():
        progress.show(f"not started: {program.name} is not installed")
    return 0


def _monitor_in_containers(stack: Stack, settings: Settings) -> int:
    with stack.locked():
        stack.monitoring_mark.touch()
        docker.up(stack, settings, members_of(stack, settings))
    for line in monitoring.addresses(stack, in_containers=True):
        progress.show(line)
    return 0


def status() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    progress.show(f"stack {stack.name} in {stack.folder}\n")
    return 0 if show_status(stack, members_of(stack, settings)) else 1


def clean_data() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    if not load_options().force and not _agrees(stack):
        raise LauncherError("nothing was removed", hint="FORCE=1 does not ask")
    with stack.locked():
        stop_all(stack)
        if settings.engine == "docker":
            docker.down(stack, with_data=True)
        shutil.rmtree(stack.folder)
    progress.step(f"removed {stack.folder}")
    return 0


def declare_topology() -> int:
    settings = load_settings()
    declare(settings.amqp_url or members_of(find_running(settings), settings).connections.amqp_url)
    progress.step("declared infra/rabbitmq/topology.yaml")
    return 0


def _agrees(stack: Stack) -> bool:
    if not sys.stdin.isatty():
        return False
    progress.show(f"Remove all data, logs and secrets of stack {stack.name} in {stack.folder}?")
    return input("Type its name to agree: ").strip() == stack.name


COMMANDS: dict[str, Callable[[], int]] = {
    "down": down,
    "status": status,
    "monitoring": monitor,
    "clean-data": clean_data,
    "declare-topology": declare_topology,
}
