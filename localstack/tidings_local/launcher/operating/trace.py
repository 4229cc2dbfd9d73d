"""`make trace`: one request's life over all functions, queues, retries and providers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ..errors import LauncherError
from ..running.stack import Stack
from .log_filter import Wanted, level_of
from .log_record import Record, harmless
from .logs import FileReader, Reader, merged

BAR: Final = 40
REPORT: Final = re.compile(r"REPORT RequestId: (\S+)\s+Duration: ([\d.]+) ms")
TOLD: Final = ("order_id", "notification_id", "state", "status", "channel", "reason", "seconds")
"""The keys of a line that a step shows."""


@dataclass
class Step:
    """One invocation, with the lines that it wrote about the request."""

    function: str
    lines: list[Record] = field(default_factory=list)
    report: Record | None = None

    @property
    def duration_ms(self) -> float:
        """The duration of the whole invocation, also of other messages of its batch."""
        found = REPORT.match(self.report.text) if self.report else None
        return float(found[2]) if found else self.lines[-1].at_ms - self.lines[0].at_ms

    @property
    def began_ms(self) -> float:
        first = self.lines[0].at_ms
        if self.report is None:
            return first
        return min(first, self.report.logged_ms - self.duration_ms)

    @property
    def events(self) -> list[str]:
        found = (record.fields.get("event_type") for record in self.lines)
        return list(dict.fromkeys(each for each in found if isinstance(each, str)))


def trace_of(stack: Stack, *, correlation: str | None, about: str | None) -> Iterator[str]:
    """Yield the lines of the drawing.

    Raises:
        LauncherError: nothing is known of the request, or none was named.
    """
    records = Reader(stack).new()
    if correlation is None:
        correlation = _correlation_about(records, about)
    steps = steps_of(records, correlation)
    if not steps:
        hint = "make logs MINUTES=10 shows the ids of the last requests"
        raise LauncherError(f"no function logged a line of the request {correlation}", hint=hint)
    batches = FileReader(stack, "bridge", Wanted(correlation=correlation)).new()
    yield from drawn(steps, batches, correlation)


def steps_of(records: Iterable[Record], correlation: str) -> list[Step]:
    """Return the request's invocations in order of time."""
    steps: dict[tuple[str, str], Step] = {}
    reports: dict[str, Record] = {}
    for record in merged(records):
        if found := REPORT.match(record.text):
            reports[found[1]] = record
        elif correlation in record.correlations:
            request = str(record.fields.get("aws_request_id", ""))
            step = steps.setdefault((record.function, request), Step(record.function))
            step.lines.append(record)
    for (_, request), step in steps.items():
        step.report = reports.get(request)
    return sorted(steps.values(), key=lambda each: each.began_ms)


def drawn(steps: list[Step], batches: list[Record], correlation: str) -> Iterator[str]:
    """Yield a time line: a bar for each invocation, and below it what happened there."""
    began = steps[0].began_ms
    whole = max(max(each.began_ms + each.duration_ms for each in steps) - began, 1.0)
    functions = len({each.function for each in steps})
    yield f"{correlation}: {len(steps)} invocations of {functions} functions in {whole:.0f} ms"
    queues = {_short(each.fields.get("function")): each.fields.get("queue") for each in batches}
    for step in steps:
        start, end = step.began_ms - began, step.began_ms - began + step.duration_ms
        left = min(int(start / whole * BAR), BAR - 1)
        length = max(1, min(round((end - start) / whole * BAR), BAR - left))
        bar = f"{' ' * left}{'█' * length}".ljust(BAR)
        queue = f"  from {queues[step.function]}" if queues.get(step.function) else ""
        event = f" ({', '.join(step.events)})" if step.events else ""
        yield (
            f"{start:>8.0f} ms |{bar}| {step.function:<22}{step.duration_ms:>7.0f} ms{queue}{event}"
        )
        yield from (_told(record) for record in step.lines if _is_told(record))
    for batch in batches:
        if batch.fields.get("outcome") == "error" or batch.fields.get("level") == "WARNING":
            said = batch.fields
            told = f"{said.get('message')}: {said.get('queue')} {said.get('error', '')}"
            yield f"bridge: {harmless(told)}"


def _is_told(record: Record) -> bool:
    return record.fields.get("message") != "event received"


def _told(record: Record) -> str:
    fields, level = record.fields, level_of(record)
    known = " ".join(f"{name}={fields[name]}" for name in TOLD if fields.get(name) is not None)
    mark = f"{level}: " if level not in {"INFO", "DEBUG"} else ""
    said = harmless(f"{mark}{fields.get('message', record.text)}  {known}")
    return f"{'':>11} |{'':{BAR}}|   {said}".rstrip()


def _short(function: object) -> str:
    return str(function).removeprefix("tidings-")


def _correlation_about(records: Iterable[Record], about: str | None) -> str:
    """Return the request of the first line about an order or a notification."""
    if about is None:
        raise LauncherError("say which request: CORRELATION=... or ID=<order or notification>")
    for record in merged(records):
        if about in record.fields.values() and record.correlations:
            return record.correlations[0]
    raise LauncherError(f"no line is about {about}", hint="LocalStack keeps logs until it stops")
