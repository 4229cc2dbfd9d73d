"""Record spans in memory during an invocation, and send them at its end."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tidings.platform.logging import logger
from tidings.platform.settings import aws_variable, settings
from tidings.platform.tracing import NO_ATTRIBUTES, Attribute, Attributes

if TYPE_CHECKING:
    from tidings.platform.tracing.traced import Traced

# The value of the setting `traces` for X-Ray; any other is the URL of a collector.
XRAY: Final = "xray"
# More spans of one invocation are not sent.
MAX_SPANS: Final = 1_000
HEX: Final = frozenset("0123456789abcdef")

_random = random.SystemRandom()


class Kind(IntEnum):
    """OpenTelemetry's kinds of spans, with their numbers."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    CONSUMER = 5


class Place(NamedTuple):
    """A span that others continue: here, in another function, or at a caller."""

    trace_id: str
    span_id: str
    is_sampled: bool = True

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"


@dataclass
class Span:
    """A part of a request's life; `continues_event` is true if an event led here."""

    name: str
    kind: Kind
    place: Place
    parent_id: str | None
    started_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    attributes: dict[str, Attribute] = field(default_factory=dict)
    error: str | None = None
    continues_event: bool = False


class _Recorder:
    """The spans of one invocation."""

    def __init__(self) -> None:
        self.ended: list[Span] = []
        self.of_events: dict[str, Span] = {}


_recorder: ContextVar[_Recorder | None] = ContextVar("recorder", default=None)
_current: ContextVar[Span | None] = ContextVar("span", default=None)
# The next invocation is the first of this environment.
_is_cold = True


def annotate(name: str, value: Attribute | None) -> None:
    span = _current.get()
    if span is not None and value is not None:
        span.attributes[name] = value


def traceparent() -> str | None:
    span = _current.get()
    return span.place.traceparent if span else None


def parsed(text: object) -> Place | None:
    """Return the place in a `traceparent`; None if it is malformed.

    Versions after 00 may add parts at the end.
    """
    if not isinstance(text, str):
        return None
    version, _, rest = text.partition("-")
    trace_id, span_id, flags = (*rest.split("-", 3), "", "", "")[:3]
    lengths = [len(each) for each in (version, trace_id, span_id, flags)]
    is_hex = HEX.issuperset(version + trace_id + span_id + flags)
    if lengths != [2, 32, 16, 2] or not is_hex or version == "ff":
        return None
    if version == "00" and len(text) != 55:
        return None
    if not trace_id.strip("0") or not span_id.strip("0"):
        return None
    return Place(trace_id, span_id, bool(int(flags, 16) & 1))


def of_lambda(text: str | None) -> Place | None:
    """Return the place of Lambda's own segment, from X-Ray's header.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    parts = dict(part.partition("=")[::2] for part in (text or "").split(";"))
    version, _, trace = parts.get("Root", "").partition("-")
    trace_id, span_id = trace.replace("-", ""), parts.get("Parent", "")
    if version != "1" or len(trace_id) != 32 or len(span_id) != 16:
        return None
    if not HEX.issuperset(trace_id + span_id):
        return None
    return Place(trace_id, span_id, parts.get("Sampled") == "1")


def new_place(parent: Place | None) -> Place:
    """Return the place of a new span; its trace begins here if it has no parent."""
    span_id = f"{_random.getrandbits(64) or 1:016x}"
    if parent is not None:
        return Place(parent.trace_id, span_id, parent.is_sampled)
    # X-Ray reads the first eight digits as the time.
    return Place(f"{int(time.time()):08x}{_random.getrandbits(96):024x}", span_id)


@contextmanager
def invocation(context: Any, offered: str | None) -> Iterator[None]:
    """See `tracing.invocation`."""
    global _is_cold
    is_cold, _is_cold = _is_cold, False
    function = settings().function_name
    span = _new(function, Kind.SERVER, _caller(offered))
    span.attributes["cold_start"] = is_cold
    if request_id := getattr(context, "aws_request_id", None):
        span.attributes["aws_request_id"] = request_id
    recorder = _Recorder()
    token = _recorder.set(recorder)
    try:
        with _open(span):
            yield
    finally:
        _recorder.reset(token)
        _send(function, recorder.ended)


def _caller(offered: str | None) -> Place | None:
    """Return the span that an invocation continues.

    Lambda's own trace counts for X-Ray only: without `Tracing=Active`, Lambda samples nothing.
    """
    if settings().traces == XRAY:
        return of_lambda(aws_variable("_X_AMZN_TRACE_ID")) or parsed(offered)
    return parsed(offered)


@contextmanager
def inner(name: str, attributes: Attributes, *, calls: bool) -> Iterator[None]:
    """See `tracing.start_span`."""
    outer = _current.get()
    if outer is None:
        yield
        return
    span = _new(name, Kind.CLIENT if calls else Kind.INTERNAL, outer.place, attributes)
    with _open(span):
        yield


@contextmanager
def consuming(queue: str, events: Sequence["Traced"]) -> Iterator[None]:
    """See `tracing.consuming`."""
    recorder, outer = _recorder.get(), _current.get()
    if recorder is None or outer is None:
        yield
        return
    for event in events:
        came_from = parsed(event.traceparent)
        if came_from is not None and came_from.trace_id == outer.place.trace_id:
            came_from = None  # it has no `traceparent` of its own
        attributes = {
            "event_type": event.type,
            "event_id": event.id,
            "correlation_id": event.correlationid,
            "invocation_trace": outer.place.trace_id if came_from else None,
        }
        span = _new(f"consume {queue}", Kind.CONSUMER, came_from or outer.place, attributes)
        span.continues_event = came_from is not None
        recorder.of_events[event.id] = span
    try:
        yield
    except BaseException as error:
        for event in events:
            if failed := recorder.of_events.get(event.id):
                failed.error = type(error).__name__
        raise
    finally:
        for event in events:
            if begun := recorder.of_events.pop(event.id, None):
                _end(begun)


def leave(event_ids: Iterable[str]) -> None:
    """See `tracing.leave`."""
    if recorder := _recorder.get():
        for event_id in event_ids:
            recorder.of_events.pop(event_id, None)


@contextmanager
def of_event(event: "Traced") -> Iterator[None]:
    """Make the span that `consuming` began for an event the current one."""
    recorder = _recorder.get()
    span = recorder.of_events.get(event.id) if recorder else None
    if span is None:
        yield
        return
    token = _current.set(span)
    try:
        yield
    except BaseException as error:
        span.error = type(error).__name__
        raise
    finally:
        _current.reset(token)


def _new(
    name: str, kind: Kind, parent: Place | None, attributes: Attributes = NO_ATTRIBUTES
) -> Span:
    span = Span(name, kind, new_place(parent), parent.span_id if parent else None)
    span.attributes |= {name: value for name, value in attributes.items() if value is not None}
    return span


@contextmanager
def _open(span: Span) -> Iterator[None]:
    token = _current.set(span)
    try:
        yield
    except BaseException as error:
        # Its text may contain personal data.
        span.error = type(error).__name__
        raise
    finally:
        _current.reset(token)
        _end(span)


def _end(span: Span) -> None:
    span.ended_ns = time.time_ns()
    recorder = _recorder.get()
    if recorder is not None and span.place.is_sampled and len(recorder.ended) < MAX_SPANS:
        recorder.ended.append(span)


def _send(function: str, ended: Sequence[Span]) -> None:
    """Send spans to the destination; no failure reaches the caller."""
    destination = settings().traces
    if not ended or destination is None:
        return
    try:
        if destination == XRAY:
            from tidings.platform.tracing import xray

            xray.send(ended)
        else:
            from tidings.platform.tracing import otlp

            otlp.send(destination, function, ended)
    except Exception as error:  # noqa: BLE001 (the invocation has succeeded without its spans)
        logger.warning("spans lost: not sent", spans=len(ended), reason=type(error).__name__)
