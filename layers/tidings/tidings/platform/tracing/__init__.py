"""Spans: the parts of a request's life, with their times. Off unless `TIDINGS_TRACES` is set.

This is the only interface: code opens spans here, and the setting chooses where they are sent
(docs/decisions/0152). While it is not set, nothing more than this module is imported.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tidings.platform.settings import settings

if TYPE_CHECKING:
    from tidings.platform.tracing.traced import Traced

# A name, a number, or yes or no; never personal data.
Attribute = str | int | float | bool
Attributes = Mapping[str, Attribute | None]

NO_ATTRIBUTES: Final[Attributes] = MappingProxyType({})
_OFF: Final = nullcontext()


def is_on() -> bool:
    """Say whether spans are recorded."""
    return settings().traces is not None


def start_span(
    name: str, attributes: Attributes = NO_ATTRIBUTES, *, calls: bool = False
) -> AbstractContextManager[None]:
    """Record the work in this context as a part of the current span.

    Nothing is recorded outside of an invocation.

    Args:
        attributes: values of None are left out.
        calls: whether the work is a call of another service.
    """
    if not is_on():
        return _OFF
    from tidings.platform.tracing import spans

    return spans.inner(name, attributes, calls=calls)


def annotate(name: str, value: Attribute | None) -> None:
    """Add an attribute to the current span, if there is one."""
    if is_on():
        from tidings.platform.tracing import spans

        spans.annotate(name, value)


def traceparent() -> str | None:
    """Return the current span as W3C's `traceparent`, for an event that is made here.

    https://www.w3.org/TR/trace-context/#traceparent-header
    """
    if not is_on():
        return None
    from tidings.platform.tracing import spans

    return spans.traceparent()


def invocation(context: Any, offered: str | None = None) -> AbstractContextManager[None]:
    """Record an invocation of a function, and send its spans at the end.

    Args:
        context: that of Lambda; None outside of it.
        offered: the caller's `traceparent`, which the invocation continues if Lambda has no trace.
    """
    if not is_on():
        return _OFF
    from tidings.platform.tracing import spans

    return spans.invocation(context, offered)


def consuming(queue: str, events: Sequence["Traced"]) -> AbstractContextManager[None]:
    """Record a span for each event of a queue; `handling` makes it the current one."""
    if not is_on():
        return _OFF
    from tidings.platform.tracing import spans

    return spans.consuming(queue, events)


def leave(event_ids: Iterable[str]) -> None:
    """Forget the spans that `consuming` began for these events: they are handled later."""
    if is_on():
        from tidings.platform.tracing import spans

        spans.leave(event_ids)


@contextmanager
def handling(event: "Traced", context: AbstractContextManager[None]) -> Iterator[None]:
    """Make an event's span the current one, within another context."""
    from tidings.platform.tracing import spans

    with context, spans.of_event(event):
        yield
