"""Send a message through the first of several providers that accepts it, and never through two.

The next provider is called only if it is certain that the one before does not have the message, and
that it is not the message's or the recipient's fault.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeVar

from tidings.platform import tracing
from tidings.platform.logging import logger
from tidings.platform.observability import metrics
from tidings.platform.providers.breaker import guarded
from tidings.platform.providers.deadline import MESSAGE_SECONDS, Deadline
from tidings.platform.providers.failures import (
    CircuitOpen,
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    Tried,
)

# For all providers of a message. Each gets its whole time, or is not called.
ALL_SECONDS: Final = 2 * MESSAGE_SECONDS
ACCEPTED: Final = "accepted"
Answer = TypeVar("Answer")


class Kind(StrEnum):
    """The kinds of failures, by what they say about the other providers."""

    CIRCUIT_OPEN = "circuit_open"
    # Throttled, unavailable, no connection, login refused: the provider does not have the message.
    PROVIDER = "provider"
    # The whole message was sent, and no answer came.
    UNCERTAIN = "uncertain"
    # The address, mailbox, device or number.
    RECIPIENT = "recipient"
    MESSAGE = "message"
    # A bug of ours; the provider may have been called.
    ERROR = "error"


# Whether the next provider is called. A test compares it with docs/delivery.md.
MOVES_ON: Final = {
    Kind.CIRCUIT_OPEN: True,
    Kind.PROVIDER: True,
    Kind.UNCERTAIN: False,
    Kind.RECIPIENT: False,
    Kind.MESSAGE: False,
    Kind.ERROR: False,
}
OUTCOMES: Final = (ACCEPTED, *Kind)


@dataclass(frozen=True)
class Provider(Generic[Answer]):
    """A way to send a message.

    Attributes:
        name: of histories, logs and metrics, so it must not contain an id.
        circuit: the name of its circuit breaker.
        send: the call, which raises a `DeliveryFailure`.
    """

    name: str
    circuit: str
    send: Callable[[Deadline], Answer]


class Accepted(NamedTuple, Generic[Answer]):
    """The answer of the provider that accepted a message, and those that did not before."""

    answer: Answer
    tried: tuple[Tried, ...]


def kind_of(error: Exception) -> Kind:
    match error:
        case CircuitOpen():
            return Kind.CIRCUIT_OPEN
        case TemporaryFailure(maybe_sent=True):
            return Kind.UNCERTAIN
        case DeliveryFailure(of_recipient=True):
            return Kind.RECIPIENT
        case TemporaryFailure():
            return Kind.PROVIDER
        case PermanentFailure():
            return Kind.MESSAGE
    return Kind.ERROR


def send_by_first(channel: str, providers: Sequence[Provider[Answer]]) -> Accepted[Answer]:
    """Call the providers in their order until one accepts the message.

    Raises:
        CircuitOpen: the circuits of all are open.
        DeliveryFailure: no provider accepted it, or one has it perhaps; `tried` names them.
    """
    ends = Deadline.after(ALL_SECONDS)
    tried, failure = list[Tried](), None
    for provider in providers:
        if tried and not ends.allows(MESSAGE_SECONDS):
            break
        try:
            answer = _call(channel, provider)
        except Exception as error:
            kind = kind_of(error)
            _count(channel, provider.name, kind)
            tried.append(Tried(provider.name, getattr(error, "reason", type(error).__name__)))
            if isinstance(error, DeliveryFailure):
                error.tried = tuple(tried)
            if not MOVES_ON[kind]:
                raise
            failure = _to_raise(failure, error)
        else:
            _count(channel, provider.name, ACCEPTED)
            return Accepted(answer, tuple(tried))
    assert failure is not None, "a channel has at least one provider"
    failure.tried = tuple(tried)
    raise failure


def _call(channel: str, provider: Provider[Answer]) -> Answer:
    named = {"channel": channel, "provider": provider.name}
    with tracing.start_span(f"send {channel}", named, calls=True), guarded(provider.circuit):
        return provider.send(Deadline.after())


def _to_raise(before: TemporaryFailure | None, now: Exception) -> TemporaryFailure:
    """Return which of two failures tells more: one of a call, or the circuit that closes first."""
    assert isinstance(now, TemporaryFailure)
    if before is None:
        return now
    if isinstance(now, CircuitOpen):
        is_sooner = isinstance(before, CircuitOpen) and now.retry_after < before.retry_after
        return now if is_sooner else before
    return now


_counted: set[tuple[str, str]] = set()


def _count(channel: str, provider: str, outcome: str) -> None:
    """Count a call; the others begin with 0, so that Prometheus sees their first increase."""
    if (channel, provider) not in _counted:
        _counted.add((channel, provider))
        for each in OUTCOMES:
            metrics.count(metrics.PROVIDER_CALLS, _labels(channel, provider, each), 0)
    metrics.count(metrics.PROVIDER_CALLS, _labels(channel, provider, outcome))
    if outcome != ACCEPTED:
        logger.info(
            "message not accepted by provider", channel=channel, provider=provider, kind=outcome
        )


def _labels(channel: str, provider: str, outcome: str) -> dict[str, str]:
    return {"channel": channel, "provider": provider, "outcome": str(outcome)}
