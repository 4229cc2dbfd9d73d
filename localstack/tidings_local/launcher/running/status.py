"""`make status`: services with start time, port, memory, version and log file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from .. import progress
from ..settings import CLOUDFORMATION_STACK
from .certificate import certificate_beside
from .memory import FUNCTIONS, Usage, total, usage_of
from .ports import LOOPBACK
from .services import monitoring
from .services.connections import without_login
from .services.members import Members
from .services.service import External, Service, greets
from .stack import Stack
from .supervisor import ProcessState, Supervisor

COLUMNS = "{:<11} {:<10} {:<20} {:>6}  {:<9} {:>9} {:>9}  {}"


# The state of a process that runs and does not answer. `make up` waits for it in vain.
HANGS = "not ready"


@dataclass(frozen=True)
class Line:
    name: str
    state: str
    since: str
    port: str
    version: str
    where: str
    usage: Usage | None = None

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    def __str__(self) -> str:
        memory, processes = _texts(self.usage)
        fields = (self.name, self.state, self.since, self.port, self.version)
        return COLUMNS.format(*fields, memory, processes, self.where).rstrip()


def _texts(usage: Usage | None) -> tuple[str, str]:
    return (usage.text, str(usage.processes)) if usage else ("", "")


def status(stack: Stack, members: Members) -> bool:
    """Print the table; return whether everything is ready."""
    usages = usage_of(stack)
    lines = status_lines(stack, members, usages)
    memory = "memory" if total(usages).is_shared_fairly else "memory*"
    heads = ("service", "state", "since", "port", "version", memory, "processes", "log")
    progress.show(COLUMNS.format(*heads))
    for line in [*lines, *more_lines(lines, usages)]:
        progress.show(str(line))
    if memory == "memory*":
        progress.show("* memory that processes share is counted for each of them")
    if any(line.is_ready for line in lines):
        show_addresses(stack)
    if all(line.is_ready for line in lines):
        return True
    progress.show(f"\nstack {stack.name} is not (completely) running: make up")
    return False


def show_addresses(stack: Stack) -> None:
    ports = stack.ports
    progress.show()
    progress.show(f"API        {stack.api_url}/api/v1")
    progress.show(f"GraphQL    {stack.api_url}/graphql")
    progress.show(f"Console    {stack.api_url}/console (operators; make create-admin)")
    progress.show(f"Shop       {stack.api_url}/shop (an example that uses the API)")
    progress.show(f"AWS        {stack.endpoint} (LocalStack behind the front door)")
    progress.show(f"names      {CLOUDFORMATION_STACK}-<name> of functions, rules and queues in AWS")
    progress.show(f"Bridge     http://{LOOPBACK}:{ports.bridge} (/health, /metrics)")
    progress.show(f"Live       http://{LOOPBACK}:{ports.live} (/health, /metrics)")
    progress.show(f"RabbitMQ   http://localhost:{ports.rabbitmq_management} (management)")
    for line in monitoring.addresses(stack):
        progress.show(line)
    progress.show(f"trust      {certificate_beside(stack.certificate)} (curl --cacert)")
    progress.show(f"secrets    {stack.folder / 'secrets.json'}")


def more_lines(lines: list[Line], usages: dict[str, Usage]) -> list[Line]:
    """Return lines for processes without a service, and for the total."""
    shown = {line.name for line in lines}
    others = {name: usage for name, usage in usages.items() if name not in shown}
    every = {FUNCTIONS: Usage(), **dict(sorted(others.items())), "total": total(usages)}
    return [Line(name, "", "", "", "", "", usage) for name, usage in every.items()]


def status_lines(stack: Stack, members: Members, usages: dict[str, Usage]) -> list[Line]:
    supervisor = Supervisor(stack)
    states = supervisor.states() if supervisor.answers() else {}
    with ThreadPoolExecutor(8) as threads:
        own = threads.map(lambda s: _own_line(stack, s, states.get(s.name)), members.own)
        external = threads.map(_external_line, members.external)
        return [*(replace(line, usage=usages.get(line.name)) for line in own), *external]


def _own_line(stack: Stack, service: Service, state: ProcessState | None) -> Line:
    port, log = str(service.ports[0]), str(stack.logs / f"{service.name}.log")
    if state is None or not state.running:
        return Line(service.name, "died" if state and state.died else "stopped", "", port, "", log)
    since = datetime.fromtimestamp(state.started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    try:
        version = _answer_of(stack, service)
    except Exception:  # noqa: BLE001 (each client library has its own)
        return Line(service.name, HANGS, since, port, "", log)
    return Line(service.name, "ready", since, port, version, log)


def _answer_of(stack: Stack, service: Service) -> str:
    """Return the version of a service that answers."""
    if not service.greeting:
        return service.probe()
    greets(service.ports[0], service.greeting)
    return stack.version_of(service.name)


def _external_line(external: External) -> Line:
    where, since = without_login(external.url), "by URL" if external.is_foreign else "container"
    try:
        version = external.probe(external.url)
    except Exception:  # noqa: BLE001 (each client library has its own)
        return Line(external.name, "no answer", since, "", "", where)
    return Line(external.name, "ready", since, "", version, where)
