"""A log line of a function or of a service, and how it is shown."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

TIMESTAMP_FORMS = ("%Y-%m-%d %H:%M:%S,%f%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")
KNOWN_FIELDS = {
    *("timestamp", "time", "level", "message", "function", "location", "correlation_id"),
    *("domain", "logger"),
}
NOISE = {
    "aws_request_id",
    "cold_start",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "xray_trace_id",
}
COLOURS: Final = {"WARNING": "33", "ERROR": "31", "CRITICAL": "1;31", "DEBUG": "2"}
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters that input of clients can bring into a log line, and that a terminal would
obey."""
LEADING_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d+)?)")


@dataclass(frozen=True, order=True)
class Record:
    at_ms: float
    function: str
    """The function, or the service."""
    text: str
    event_id: str = ""
    logged_ms: float = 0
    """The time at which the invocation ended."""
    is_of_a_service: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self.text)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def correlations(self) -> list[str]:
        """The ids of the requests that the line is about; a line of a batch has several."""
        fields = self.fields
        one, many = fields.get("correlation_id"), fields.get("correlation_ids")
        return [*([one] if one else []), *(many if isinstance(many, list) else [])]


def written_at(record: Record) -> float | None:
    """Return the time in the line itself, in ms since 1970."""
    fields = record.fields
    written = fields.get("timestamp") or fields.get("time")
    if isinstance(written, str):
        for form in TIMESTAMP_FORMS:
            with contextlib.suppress(ValueError):
                return datetime.strptime(written, form).astimezone().timestamp() * 1000
    if record.is_of_a_service and (found := LEADING_TIME.match(record.text)):
        text = f"{found[1]}T{found[2].replace(',', '.')}"
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000
    return None


def harmless(text: object) -> str:
    """Return a text with its control characters spelled out; line ends and tabs stay."""
    return CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", str(text))


def render(record: Record, *, with_fields: bool = True, colour: bool = False) -> str:
    at = datetime.fromtimestamp(record.at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    fields = record.fields
    if not fields:
        return f"{at}  {record.function:<24} {harmless(record.text)}"
    extra = harmless(" ".join(_rendered_fields(fields))) if with_fields else ""
    level, message = harmless(fields.get("level", "")), harmless(fields.get("message", ""))
    painted = COLOURS.get(level, "") if colour else ""
    if colour and extra:
        extra = f"\033[2m{extra}\033[0m"
    said = f"{level:<7} {message}"
    said = f"\033[{painted}m{said}\033[0m" if painted else said
    line = f"{at}  {record.function:<24} {said}  {extra}".rstrip()
    trace = fields.get("exception")
    return f"{line}\n{harmless(trace)}" if trace else line


def as_json(record: Record) -> str:
    """Return the line as one JSON object; text that is none becomes its message."""
    at = datetime.fromtimestamp(record.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    name = "service" if record.is_of_a_service else "function"
    fields = record.fields or {"message": record.text}
    fields.pop("time", None)
    return json.dumps(fields | {"timestamp": at, name: record.function}, ensure_ascii=False)


def _rendered_fields(fields: dict[str, Any]) -> Iterator[str]:
    if correlation := fields.get("correlation_id"):
        yield f"correlation_id={correlation}"
    for name, value in fields.items():
        if name not in KNOWN_FIELDS | NOISE | {"exception", "correlation_id"}:
            yield f"{name}={value if isinstance(value, str | int | float) else json.dumps(value)}"
