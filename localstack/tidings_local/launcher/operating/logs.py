"""`make logs`: the functions' CloudWatch logs, merged in order of time, or a service's file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from operator import attrgetter
from typing import Final, Protocol

from .. import progress
from ..aws import client
from ..errors import LauncherError
from ..running.stack import Stack
from .log_filter import Wanted
from .log_record import Record, as_json, render, written_at

GROUP_PREFIX = "/aws/lambda/tidings-"
EVERYTHING: Final = Wanted()
FOLLOW_SECONDS = 1.0
OVERLAP_MS = 5_000
"""The time before the last line that is read again: lines arrive late, and out of order."""


class Source(Protocol):
    def new(self) -> list[Record]: ...


def show_logs(source: Source, *, follow: bool) -> None:
    """Show lines: readable on a terminal, JSON in a pipe."""
    readable = sys.stdout.isatty()
    while True:
        for record in source.new():
            progress.show(render(record, colour=True) if readable else as_json(record))
        if not follow:
            return
        time.sleep(FOLLOW_SECONDS)


class Reader:
    """Reads each record once in any number of requests."""

    def __init__(
        self, stack: Stack, function: str | None = None, wanted: Wanted = EVERYTHING
    ) -> None:
        self._logs = client(stack, "logs")
        self._group = GROUP_PREFIX + function.removeprefix("tidings-") if function else None
        self._wanted = wanted
        self._seen: set[str] = set()
        self._since_ms = max(0, wanted.since_ms - OVERLAP_MS)

    def new(self) -> list[Record]:
        with ThreadPoolExecutor(8) as threads:
            read = threads.map(self._read, self._groups())
            records = [r for group in read for r in group if r.event_id not in self._seen]
        self._seen.update(record.event_id for record in records)
        if records:
            self._since_ms = max(0, int(max(r.at_ms for r in records)) - OVERLAP_MS)
        return merged(records, self._wanted)

    def _groups(self) -> list[str]:
        pages = self._logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=GROUP_PREFIX
        )
        known = [group["logGroupName"] for page in pages for group in page["logGroups"]]
        if self._group is None:
            return known
        if self._group in known:
            return [self._group]
        names = ", ".join(sorted(name.removeprefix(GROUP_PREFIX) for name in known))
        missing = self._group.removeprefix(GROUP_PREFIX)
        raise LauncherError(
            f"{missing} has no logs", hint=f"functions with logs: {names or 'none'}"
        )

    def _read(self, group: str) -> list[Record]:
        function = group.removeprefix(GROUP_PREFIX)
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=self._since_ms
        )
        records = [
            Record(
                event["timestamp"],
                function,
                event["message"].rstrip(),
                event["eventId"],
                event["timestamp"],
            )
            for page in pages
            for event in page["events"]
        ]
        return timed(records)


class FileReader:
    """Reads the file of a service, and the former one beside it."""

    def __init__(self, stack: Stack, service: str, wanted: Wanted = EVERYTHING) -> None:
        self._service, self._wanted = service, wanted
        self._file = stack.logs / f"{service}.log"
        if not self._file.is_file():
            known = ", ".join(sorted(each.stem for each in stack.logs.glob("*.log")))
            raise LauncherError(f"{service} has no logs", hint=f"services with logs: {known}")
        former = self._file.with_name(f"{self._file.name}.1")
        self._waiting = former.read_text(errors="replace") if former.is_file() else ""
        self._read, self._last_ms = 0, 0.0

    def new(self) -> list[Record]:
        with self._file.open(errors="replace") as file:
            if self._file.stat().st_size < self._read:  # it was replaced by a new one
                self._read = 0
            file.seek(self._read)
            text, self._waiting = self._waiting + file.read(), ""
            self._read = file.tell()
        return merged(map(self._record, text.splitlines()), self._wanted)

    def _record(self, line: str) -> Record:
        """Return a line; one without a time has that of the line before."""
        record = Record(0, self._service, line, is_of_a_service=True)
        self._last_ms = written_at(record) or self._last_ms
        return replace(record, at_ms=self._last_ms)


def timed(records: list[Record]) -> list[Record]:
    """Return lines in the order of one function, each with its time.

    CloudWatch has the time at which an invocation ended, and for START that at which it started.
    The function's own lines have an exact time; lines between them get that of the previous one.
    """
    placed: list[Record] = []
    waiting: list[Record] = []
    last = 0.0
    for record in records:
        if record.text.startswith("START "):
            last = 0.0
        written = written_at(record)
        if written is None and not last and not record.text.startswith("END "):
            waiting.append(record)
            continue
        last = written or last or record.at_ms
        placed += [replace(each, at_ms=_begin(each, last)) for each in waiting]
        placed.append(replace(record, at_ms=last))
        waiting = []
    return placed + waiting


def _begin(record: Record, next_ms: float) -> float:
    """Return the time of a line before the first one with a time of its own."""
    return min(record.at_ms, next_ms) if record.text.startswith("START ") else next_ms


def merged(records: Iterable[Record], wanted: Wanted = EVERYTHING) -> list[Record]:
    """Return the wanted lines in order of time."""
    return sorted((each for each in records if wanted.accepts(each)), key=attrgetter("at_ms"))
