"""Make all checks, and show a line for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from ...errors import LauncherError
from .certificates import check_certificate
from .clocks import check_clocks
from .deployment import (
    check_code,
    check_deployment,
    check_functions,
    check_mappings,
    check_rules,
)
from .finding import CannotCheckError, Finding, Level, Section, bad, skipped
from .installation import Installation, reason_of
from .keys import check_secrets, check_signing_keys
from .machine import check_disk, check_memory, check_node, check_programs, check_python
from .ports import check_other_stacks, check_ports
from .queues import (
    check_broker,
    check_consumers,
    check_queues,
    check_retries,
    check_unreadable,
)
from .redis_stores import check_cache, check_security_store
from .services import check_health, check_services
from .stored import check_failed_jobs, check_failed_messages, check_mongodb, check_outboxes
from .topology_drift import check_topology
from .variables import check_variables

Check = Callable[[Installation], Finding]

CHECKS: Final[Mapping[str, Check]] = {
    # First: asking for the services writes a new certificate in place of an expired one.
    "certificate": check_certificate,
    "python": check_python,
    "programs": check_programs,
    "node": check_node,
    "disk": check_disk,
    "memory": check_memory,
    "variables": check_variables,
    "ports": check_ports,
    "other stacks": check_other_stacks,
    "code": check_code,
    "services": check_services,
    "health": check_health,
    "clocks": check_clocks,
    "rabbitmq": check_broker,
    "topology": check_topology,
    "consumers": check_consumers,
    "queues": check_queues,
    "retries": check_retries,
    "failed messages": check_failed_messages,
    "unreadable": check_unreadable,
    "mongodb": check_mongodb,
    "outboxes": check_outboxes,
    "security store": check_security_store,
    "cache": check_cache,
    "deployment": check_deployment,
    "functions": check_functions,
    "mappings": check_mappings,
    "rules": check_rules,
    "failed jobs": check_failed_jobs,
    "secrets": check_secrets,
    "signing keys": check_signing_keys,
}
"""Every check by the name of its line."""

COLOURS = {Level.OK: "32", Level.WARN: "33", Level.BAD: "31;1", Level.SKIPPED: "2"}
THREADS = 6
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Diagnosis:
    check: str
    finding: Finding

    @property
    def is_bad(self) -> bool:
        return self.finding.level == Level.BAD


def examine(
    installation: Installation, checks: Mapping[str, Check] = CHECKS
) -> Iterator[Diagnosis]:
    """Yield what each check found, in their order."""
    names = list(checks)
    yield Diagnosis(names[0], make(checks[names[0]], installation))
    with ThreadPoolExecutor(THREADS) as threads:
        found = threads.map(lambda name: make(checks[name], installation), names[1:])
        yield from map(Diagnosis, names[1:], found)


def make(check: Check, installation: Installation) -> Finding:
    """Make a check; one that cannot be made says why."""
    try:
        return check(installation)
    except CannotCheckError as reason:
        return skipped(f"not checked: {reason}")
    except LauncherError as error:
        return bad(reason_of(error), "")


def as_json(diagnosis: Diagnosis) -> str:
    finding = diagnosis.finding
    fields = {
        "check": diagnosis.check,
        "level": finding.level,
        "found": finding.found,
        "do": finding.do,
        "runbook": _link(finding.section),
    }
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False)


def as_line(diagnosis: Diagnosis, *, colour: bool) -> str:
    """Return a line for a terminal: level, check, what was found, what to do."""
    finding = diagnosis.finding
    level = f"{finding.level:<7}"
    if colour:
        level = f"\033[{COLOURS[finding.level]}m{level}\033[0m"
    more = "; ".join(filter(None, (finding.do, _link(finding.section))))
    return f"{level}  {diagnosis.check:<15}  {finding.found}{f' -> {more}' if more else ''}"


def _link(section: Section | None) -> str:
    return f"{RUNBOOK}#{section.lower().replace(' ', '-')}" if section else ""
