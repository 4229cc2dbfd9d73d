"""`make logs`: the functions' CloudWatch logs, merged in order of time."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from .. import progress
from ..aws import client
from ..errors import LauncherError
from ..running.stack import Stack

GROUP_PREFIX = "/aws/lambda/tidings-"
TIMESTAMP_FORMS = ("%Y-%m-%d %H:%M:%S,%f%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")
FOLLOW_SECONDS = 1.0
OVERLAP_MS = 5_000
"""The time before the last line that is read again: lines arrive late, and out of order."""

KNOWN_FIELDS = {"timestamp", "level", "message", "function", "location", "correlation_id"}
NOISE = {
    "aws_request_id",
    "cold_start",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "xray_trace_id",
}


@dataclass(frozen=True, order=True)
class Record:
    at_ms: float
    function: str
    text: str
    event_id: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self.text)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


def show_logs(stack: Stack, *, function: str | None, correlation: str | None, follow: bool) -> None:
    reader = Reader(stack, function, correlation)
    for record in reader.new():
        progress.show(render(record))
    while follow:
        time.sleep(FOLLOW_SECONDS)
        for record in reader.new():
            progress.show(render(record))


class Reader:
    """Reads each record once in any number of requests."""

    def __init__(self, stack: Stack, function: str | None, correlation: str | None) -> None:
        self._logs = client(stack, "logs")
        self._group = GROUP_PREFIX + function.removeprefix("tidings-") if function else None
        self._correlation = correlation
        self._seen: set[str] = set()
        self._since_ms = 0

    def new(self) -> list[Record]:
        with ThreadPoolExecutor(8) as threads:
            read = threads.map(self._read, self._groups())
            records = [r for group in read for r in group if r.event_id not in self._seen]
        self._seen.update(record.event_id for record in records)
        if records:
            self._since_ms = max(0, int(max(r.at_ms for r in records)) - OVERLAP_MS)
        return merged(records, self._correlation)

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
            Record(event["timestamp"], function, event["message"].rstrip(), event["eventId"])
            for page in pages
            for event in page["events"]
        ]
        return timed(records)


def timed(records: list[Record]) -> list[Record]:
    """Return lines in the order of one function, each with its time.

    CloudWatch has the time at which an invocation ended. The function's own lines have an exact
    time; lines between them get the time of the previous one, START that of the next one.
    """
    placed: list[Record] = []
    waiting: list[Record] = []
    last = 0.0
    for record in records:
        if record.text.startswith("START "):
            last = 0.0
        written = _written_at(record)
        if written is None and not last and not record.text.startswith("END "):
            waiting.append(record)
            continue
        last = written or last or record.at_ms
        placed += [replace(earlier, at_ms=last) for earlier in waiting]
        placed.append(replace(record, at_ms=last))
        waiting = []
    return placed + waiting


def merged(records: Iterable[Record], correlation: str | None = None) -> list[Record]:
    """Return lines in order of time, for one request if a correlation id is given."""
    kept = (r for r in records if correlation is None or belongs_to(r, correlation))
    return sorted(kept, key=attrgetter("at_ms"))


def belongs_to(record: Record, correlation: str) -> bool:
    return bool(record.fields.get("correlation_id") == correlation)


def _written_at(record: Record) -> float | None:
    """Return the time that Powertools' logger wrote into the line, in ms since 1970."""
    written = record.fields.get("timestamp")
    if isinstance(written, str):
        for form in TIMESTAMP_FORMS:
            with contextlib.suppress(ValueError):
                return datetime.strptime(written, form).astimezone().timestamp() * 1000
    return None


def render(record: Record, *, with_fields: bool = True) -> str:
    at = datetime.fromtimestamp(record.at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    fields = record.fields
    if not fields:
        return f"{at}  {record.function:<24} {record.text}"
    extra = " ".join(_rendered_fields(fields)) if with_fields else ""
    level, message = fields.get("level", ""), fields.get("message", "")
    line = f"{at}  {record.function:<24} {level:<7} {message}  {extra}".rstrip()
    trace = fields.get("exception")
    return f"{line}\n{trace}" if trace else line


def _rendered_fields(fields: dict[str, Any]) -> Iterator[str]:
    if correlation := fields.get("correlation_id"):
        yield f"correlation_id={correlation}"
    for name, value in fields.items():
        if name not in KNOWN_FIELDS | NOISE | {"exception", "correlation_id"}:
            yield f"{name}={value if isinstance(value, str | int | float) else json.dumps(value)}"
