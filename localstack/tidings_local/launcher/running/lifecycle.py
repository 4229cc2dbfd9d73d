"""Start and stop the services of a stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .. import progress
from ..errors import LauncherError
from . import supervisor_config
from .orphans import stop_orphans
from .ports import is_free, owner_of
from .services.connections import without_login
from .services.members import Members
from .services.service import External, Service
from .stack import Stack
from .supervisor import Supervisor

EXTERNAL_SECONDS = 3
POLL_SECONDS = 0.1


@dataclass
class Startup:
    """One `make up`: remembers the services that it started, and stops them after a failure."""

    stack: Stack
    members: Members
    supervisor: Supervisor = field(init=False)
    started: list[Service] = field(default_factory=list)
    fresh: bool = False
    """Whether supervisord itself was started here."""

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.stack)

    def begin(self) -> None:
        """Start every service that does not run, without waiting until it is ready."""
        for external in self.members.external:
            check_external(external)
        if not self.members.own:  # all are containers
            return
        self._start_supervisor()
        states = self.supervisor.states()
        alive = {name for name, state in states.items() if state.running}
        missing = [service for service in self._in_order() if service.name not in alive]
        if missing and (count := stop_orphans(self.stack, alive | {""})):
            progress.step(f"stopped {count} processes of an earlier crash")
        for service in missing:
            self._start(service)

    def wait_for(self, name: str) -> None:
        service = next((own for own in self.members.own if own.name == name), None)
        if service is not None:
            self._wait_for_own(service)

    def undo(self) -> None:
        if self.fresh:
            stop_all(self.stack)
            return
        for service in reversed(self.started):
            self.supervisor.stop_program(service.name)
        alive = {name for name, state in self.supervisor.states().items() if state.running}
        stop_orphans(self.stack, alive | {""})

    def _in_order(self) -> list[Service]:
        return sorted(self.members.own, key=lambda service: service.starts_after)

    def _start_supervisor(self) -> None:
        config = supervisor_config.render(self.stack, self.members.own)
        if self.supervisor.answers():
            self.supervisor.apply(config)
            return
        if count := stop_orphans(self.stack):
            progress.step(f"stopped {count} processes of an earlier crash")
        for service in self.members.own:
            check_ports(service)
        self.fresh = True
        self.supervisor.start(config)

    def _start(self, service: Service) -> None:
        check_ports(service)
        progress.step(f"starting {service.name}")
        self.started.append(service)
        self.supervisor.start_program(service.name)
        if service.name == "epmd":  # otherwise RabbitMQ starts an epmd that outlives it
            self._wait_for_own(service)

    def _wait_for_own(self, service: Service) -> None:
        """Wait until it is ready, or raise as soon as any service died or the time is over."""
        limit = time.monotonic() + service.ready_seconds
        while (version := _version_if_ready(service.probe)) is None:
            self._check_alive()
            if time.monotonic() > limit:
                waited = f"{service.ready_seconds} s"
                raise LauncherError(
                    f"{service.name} is not ready after {waited}", log=self._log(service)
                )
            time.sleep(POLL_SECONDS)
        self.stack.note_version(service.name, version)
        if service in self.started:
            progress.step(f"{service.name} is ready")

    def _check_alive(self) -> None:
        """Raise if one of the started services died; the others need not be waited for."""
        states = self.supervisor.states()
        for service in self.started:
            # A program whose file is missing was never started: it is not dead, but stopped.
            if not states[service.name].running:
                raise LauncherError(f"{service.name} died while starting", log=self._log(service))

    def _log(self, service: Service) -> Path:
        return self.stack.logs / f"{service.name}.log"


def renew(stack: Stack, members: Members) -> None:
    """Start those services again whose command or environment changed; in containers, none."""
    if not members.own:
        return
    attempt = Startup(stack, members)
    attempt.begin()
    for service in attempt.started:
        attempt.wait_for(service.name)


def restart(stack: Stack, members: Members, name: str) -> None:
    """Stop a service, start it again, and wait until it is ready."""
    attempt = Startup(stack, members)
    attempt.supervisor.stop_program(name)
    attempt.begin()
    attempt.wait_for(name)


@contextmanager
def startup(stack: Stack, members: Members) -> Iterator[Startup]:
    """A startup that is undone if its block fails or is interrupted."""
    attempt = Startup(stack, members)
    try:
        yield attempt
    except BaseException:
        if attempt.fresh or attempt.started:
            progress.step("stopping the started services")
            attempt.undo()
        raise


def stop_all(stack: Stack) -> bool:
    """Stop the whole stack; return whether anything was running."""
    stack.monitoring_mark.unlink(missing_ok=True)
    supervisor = Supervisor(stack)
    answered = supervisor.answers()
    if answered:
        supervisor.shutdown()
    left = stop_orphans(stack)
    for name in ("supervisor.sock", "supervisord.pid"):
        (stack.run / name).unlink(missing_ok=True)
    stack.supervisor_socket.unlink(missing_ok=True)
    return answered or bool(left)


def check_ports(service: Service) -> None:
    for port in service.ports:
        if not is_free(port):
            raise LauncherError(
                f"port {port} for {service.name} is taken by {owner_of(port)}",
                hint="stop it, or choose other ports with TIDINGS_PORT_BASE",
            )


def check_external(external: External) -> None:
    """Wait a moment for an external service to answer, before its URL is reported as wrong."""
    limit = time.monotonic() + EXTERNAL_SECONDS
    while True:
        try:
            external.probe(external.url)
        except Exception as problem:  # noqa: BLE001 (each client library has its own)
            if time.monotonic() > limit:
                raise _unreachable(external, problem) from None
            time.sleep(POLL_SECONDS)
        else:
            return


def _unreachable(external: External, problem: Exception) -> LauncherError:
    first_line = next(iter(str(problem).splitlines()), "")
    reason = first_line.partition(" (configured")[0][:160] or type(problem).__name__
    name = external.variable or external.name
    return LauncherError(f"{name} {without_login(external.url)} cannot be reached", hint=reason)


def _version_if_ready(probe: Callable[[], str]) -> str | None:
    try:
        return probe()
    except Exception:  # noqa: BLE001 (each client library has its own)
        return None
