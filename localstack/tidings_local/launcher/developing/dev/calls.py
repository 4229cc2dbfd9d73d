"""The calls reported by the runner, parsed for display."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...operating.log_record import KNOWN_FIELDS, NOISE

OF_THE_PLATFORM = re.compile(
    r"(START|END|REPORT) RequestId: |.*\bLAMBDA_WARNING: Unhandled exception"
)
"""The last is advice on runtime updates, ten lines long, before each error."""
WRITTEN_BY_THE_RUNTIME = re.compile(r"\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]\s")
UNHANDLED = "[ERROR] "


@dataclass(frozen=True)
class Call:
    function: str
    ended_at: float
    """In seconds since 1970."""
    duration_ms: float
    init_ms: float | None
    is_error: bool
    logs: str
    payload: str = ""
    """The answer of a failed call."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> Call:
        """Return a call from the runner's report."""
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})

    @property
    def error(self) -> dict[str, Any]:
        """The error of the function: `errorType`, `errorMessage`."""
        try:
            found = json.loads(self.payload)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Line:
    message: str
    level: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    trace: str = ""
    correlation_id: str | None = None


@dataclass(frozen=True)
class Block:
    """The lines of a call for one request; a batch of messages serves several requests."""

    call: Call
    correlation_id: str | None
    lines: list[Line]
    is_first: bool
    """Whether it is the call's first one."""


def blocks(calls: list[Call]) -> list[Block]:
    """Return the blocks of calls, grouped by request, in order of arrival."""
    found = [block for call in calls for block in _blocks_of(call)]
    order: dict[object, int] = {}
    for number, block in enumerate(found):
        order.setdefault(block.correlation_id or number, number)
    numbered = enumerate(found)
    return [
        block for _, block in sorted(numbered, key=lambda at: order[at[1].correlation_id or at[0]])
    ]


def _blocks_of(call: Call) -> list[Block]:
    """Split a call's lines by request. Lines without an id belong to the ones before them."""
    lines = lines_of(call)
    ids = [line.correlation_id for line in lines if line.correlation_id]
    current, grouped = ids[0] if ids else None, dict[str | None, list[Line]]()
    for line in lines:
        current = line.correlation_id or current
        grouped.setdefault(current, []).append(line)
    return [
        Block(call, correlation_id, written, is_first=number == 0)
        for number, (correlation_id, written) in enumerate((grouped or {None: []}).items())
    ]


def lines_of(call: Call) -> list[Line]:
    """Return the function's lines, or the error of a call without lines."""
    lines = list(_written(call.logs))
    if call.is_error and not any(line.message.startswith(UNHANDLED) for line in lines):
        error = call.error
        kind, message = error.get("errorType", "Error"), error.get("errorMessage", call.payload)
        lines.append(Line(f"{kind}: {message}", level="ERROR"))
    return lines


def _written(logs: str) -> Iterator[Line]:
    for text in logs.replace("\xa0", " ").split("\n"):
        if text.strip() and not OF_THE_PLATFORM.match(text):
            # The runtime writes a traceback as one line, so that it is one event in CloudWatch.
            message, _, trace = text.rstrip().partition("\r")
            yield _line(message, trace.replace("\r", "\n"))


def _line(text: str, trace: str) -> Line:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or "message" not in parsed:
        found = WRITTEN_BY_THE_RUNTIME.match(text)
        return Line(text, level=found[1] if found else "", trace=trace)
    hidden = KNOWN_FIELDS | NOISE | {"exception", "exception_name", "stack_trace"}
    return Line(
        message=str(parsed["message"]),
        level=str(parsed.get("level", "")),
        fields={name: value for name, value in parsed.items() if name not in hidden},
        trace=str(parsed.get("exception") or trace),
        correlation_id=parsed.get("correlation_id"),
    )
