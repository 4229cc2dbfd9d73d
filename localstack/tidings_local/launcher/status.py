"""`make status`: what runs, since when, where, and what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from . import progress
from .certificate import certificate_beside
from .services.connections import without_login
from .services.members import Members
from .services.service import External, Service
from .stack import Stack
from .supervisor import ProcessState, Supervisor

COLUMNS = "{:<11} {:<10} {:<20} {:>6}  {:<9} {}"


@dataclass(frozen=True)
class Line:
    name: str
    state: str
    since: str
    port: str
    version: str
    where: str

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    def __str__(self) -> str:
        fields = (self.name, self.state, self.since, self.port, self.version, self.where)
        return COLUMNS.format(*fields).rstrip()


def status(stack: Stack, members: Members) -> bool:
    """Print the table; says whether everything is ready."""
    lines = status_lines(stack, members)
    progress.show(COLUMNS.format("service", "state", "since", "port", "version", "log"))
    for line in lines:
        progress.show(str(line))
    if all(line.is_ready for line in lines):
        show_addresses(stack)
        return True
    progress.show(f"\nstack {stack.name} is not (wholly) running: make up")
    return False


def show_addresses(stack: Stack) -> None:
    ports = stack.ports
    progress.show()
    progress.show(f"API        {stack.api_url}/api/v1")
    progress.show(f"GraphQL    {stack.api_url}/graphql")
    progress.show(f"AWS        {stack.endpoint} (LocalStack)")
    progress.show(f"RabbitMQ   http://localhost:{ports.rabbitmq_management} (management)")
    progress.show(f"trust      {certificate_beside(stack.certificate)} (curl --cacert)")
    progress.show(f"secrets    {stack.folder / 'secrets.json'}")


def status_lines(stack: Stack, members: Members) -> list[Line]:
    supervisor = Supervisor(stack)
    states = supervisor.states() if supervisor.answers() else {}
    with ThreadPoolExecutor(8) as threads:
        own = threads.map(lambda s: _own_line(stack, s, states.get(s.name)), members.own)
        external = threads.map(_external_line, members.external)
        return [*own, *external]


def _own_line(stack: Stack, service: Service, state: ProcessState | None) -> Line:
    port, log = str(service.ports[0]), str(stack.logs / f"{service.name}.log")
    if state is None or not state.running:
        return Line(service.name, "died" if state and state.died else "stopped", "", port, "", log)
    since = datetime.fromtimestamp(state.started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    try:
        version = service.probe()
    except Exception:  # noqa: BLE001 (each client library has its own)
        return Line(service.name, "not ready", since, port, "", log)
    return Line(service.name, "ready", since, port, version, log)


def _external_line(external: External) -> Line:
    where = without_login(external.url)
    try:
        version = external.probe(external.url)
    except Exception:  # noqa: BLE001 (each client library has its own)
        return Line(external.name, "no answer", "by URL", "", "", where)
    return Line(external.name, "ready", "by URL", "", version, where)
