"""The channels that reach a person outside the inbox; each is one module of this package.

A channel's module has `provider(message)`, which names the provider that is called, `IDEMPOTENT`,
which says whether a message that is sent twice arrives once, and `send(message, deadline)`.
"""

from importlib import import_module
from typing import Final, Protocol, cast, get_args

from tidings.delivery import simulated
from tidings.delivery.outgoing import (
    Address,
    ChannelName,
    Device,
    OutgoingMessage,
    Receipt,
    Rendered,
)
from tidings.platform import tracing
from tidings.platform.logging import logger
from tidings.platform.providers.breaker import guarded
from tidings.platform.providers.deadline import Deadline

__all__ = [
    "CHANNELS",
    "Address",
    "Device",
    "OutgoingMessage",
    "Receipt",
    "Rendered",
    "deliver",
    "is_idempotent",
]


class Channel(Protocol):
    """The interface of a channel's module."""

    IDEMPOTENT: bool

    def provider(self, message: OutgoingMessage) -> str:
        """Return the name of the circuit breaker; the part before a colon names the provider."""

    def send(self, message: OutgoingMessage, deadline: Deadline) -> Receipt:
        """Send a message."""


CHANNELS: Final = frozenset(get_args(ChannelName))


def _channel(name: str) -> Channel:
    """Return a channel's module. A function sends through one of them, and imports only that."""
    if name not in CHANNELS:
        raise LookupError(f"there is no channel {name}")
    return cast(Channel, import_module(f"{__name__}.{name}"))


def deliver(message: OutgoingMessage) -> Receipt:
    """Send a message through its channel's provider, once; simulated ones get their outcome.

    Raises:
        CircuitOpen: the provider failed repeatedly, so it is not called now.
        TemporaryFailure: a retry may help.
        PermanentFailure: a retry cannot help.
    """
    if (outcome := simulated.outcome_of(message)) is not None:
        receipt = simulated.answer(message, outcome)
        _log_accepted(message, receipt)
        return receipt
    channel = _channel(message.channel)
    deadline = Deadline.after()
    provider = channel.provider(message)
    named = {"channel": message.channel, "provider": provider.partition(":")[0]}
    with tracing.start_span(f"send {message.channel}", named, calls=True), guarded(provider):
        receipt = channel.send(message, deadline)
    _log_accepted(message, receipt)
    return receipt


def is_idempotent(channel: str) -> bool:
    """Say whether a message that may have been sent can be sent again without harm."""
    return _channel(channel).IDEMPOTENT


def _log_accepted(message: OutgoingMessage, receipt: Receipt) -> None:
    logger.info(
        "message accepted by provider",
        notification_id=message.notification_id,
        channel=message.channel,
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
    )
