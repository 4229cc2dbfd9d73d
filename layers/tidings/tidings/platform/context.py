"""Context of the current request or message for logs, events and documents."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from tidings.platform.logging import logger
from tidings.platform.timing.clock import new_event_id
from tidings.platform.tracing import annotate

CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
LOG_KEYS: Final = ("correlation_id", "message_id", "event_type")
Ids = tuple[str | None, str | None, str | None]

_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_causation_id: ContextVar[str | None] = ContextVar("causation_id", default=None)
_event_type: ContextVar[str | None] = ContextVar("event_type", default=None)
_last_attempt: ContextVar[bool] = ContextVar("last_attempt", default=False)
_caller_address: ContextVar[str | None] = ContextVar("caller_address", default=None)


def correlation_id() -> str | None:
    """Return the id that connects all functions and messages of one request."""
    return _correlation_id.get()


def causation_id() -> str | None:
    """Return the id of the event that is being handled."""
    return _causation_id.get()


def is_last_attempt() -> bool:
    """Say whether a failure now would end the retries of the current message."""
    return _last_attempt.get()


@contextmanager
def attempting(*, last: bool) -> Iterator[None]:
    """Mark in this context whether the current attempt is the last one."""
    token = _last_attempt.set(last)
    try:
        yield
    finally:
        _last_attempt.reset(token)


def caller_address() -> str | None:
    """Return the network address of the request, for rate limits. It is never logged."""
    return _caller_address.get()


@contextmanager
def called_from(address: str | None) -> Iterator[None]:
    """Set the network address for rate limits in this context."""
    token = _caller_address.set(address)
    try:
        yield
    finally:
        _caller_address.reset(token)


def accept_correlation_id(offered: str | None) -> str:
    """Return the caller's id if it is safe to log, otherwise a new one."""
    if offered and CORRELATION_ID.fullmatch(offered):
        return offered
    return new_event_id()


@contextmanager
def correlated(
    correlation: str | None, causation: str | None = None, event_type: str | None = None
) -> Iterator[None]:
    """Set the ids that logs, events and documents carry in this context.

    Args:
        causation: the id of the event that is being handled.
        event_type: its type; if missing, that of the same event around it.
    """
    outer = _correlation_id.get(), _causation_id.get(), _event_type.get()
    kind = event_type or (outer[2] if causation == outer[1] else None)
    tokens = _correlation_id.set(correlation), _causation_id.set(causation)
    kind_token = _event_type.set(kind)
    inner = correlation, causation, kind
    _show(inner, instead_of=outer)
    annotate("correlation_id", correlation)
    try:
        yield
    finally:
        _correlation_id.reset(tokens[0])
        _causation_id.reset(tokens[1])
        _event_type.reset(kind_token)
        _show(outer, instead_of=inner)


def _show(ids: Ids, *, instead_of: Ids) -> None:
    """Give the log lines these ids; those that are missing are left out."""
    for name, new, old in zip(LOG_KEYS, ids, instead_of, strict=True):
        if new is None and old is not None:
            logger.remove_keys([name])
        elif new != old:
            logger.append_keys(**{name: new})
