"""Log lines as CloudWatch events, in batches within its limits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tidings_local.runner.records.call_record import CallRecord

MAX_BATCH_BYTES: Final = 1_048_576
MAX_BATCH_EVENTS: Final = 10_000
MAX_SPAN_MS: Final = 24 * 3600 * 1000 - 1
EVENT_OVERHEAD_BYTES: Final = 26
"""CloudWatch counts this for each event, in addition to its text."""
MAX_EVENT_BYTES: Final = 262_144 - EVENT_OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class LogEvent:
    at_ms: int
    message: str
    size: int
    """In bytes, as CloudWatch counts."""


def events_of(record: CallRecord) -> Iterator[LogEvent]:
    """Yield a call's lines.

    Those up to START have the time of the call's begin, the others that of its end. A line that is
    too long becomes several events. Empty lines are left out, because CloudWatch refuses them.
    """
    at_ms = record.ended_ms - int(record.duration_ms)
    for line in record.text.split("\n"):
        for piece in _pieces(line) if line else ():
            yield LogEvent(at_ms, piece + "\n", len(piece.encode()) + 1 + EVENT_OVERHEAD_BYTES)
        if line.startswith("START RequestId: "):
            at_ms = record.ended_ms


def batches_of(events: Iterable[LogEvent]) -> Iterator[list[LogEvent]]:
    """Yield the events in order of time, in batches as large as CloudWatch accepts."""
    batch: list[LogEvent] = []
    size = 0
    for event in sorted(events, key=lambda each: each.at_ms):
        if batch and (
            size + event.size > MAX_BATCH_BYTES
            or len(batch) == MAX_BATCH_EVENTS
            or event.at_ms - batch[0].at_ms > MAX_SPAN_MS
        ):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += event.size
    if batch:
        yield batch


def _pieces(line: str) -> Iterator[str]:
    """Yield the line, or its parts if it is too long; no part ends within a character."""
    if len(line) * 4 < MAX_EVENT_BYTES:
        yield line
        return
    content = line.encode()
    start = 0
    while start < len(content):
        end = min(start + MAX_EVENT_BYTES - 1, len(content))
        while end < len(content) and content[end] & 0b1100_0000 == 0b1000_0000:
            end -= 1
        yield content[start:end].decode()
        start = end
