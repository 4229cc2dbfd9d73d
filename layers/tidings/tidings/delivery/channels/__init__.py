"""The channels that reach a person outside the inbox; each is one module of this package.

A channel's module has `providers(message)`, the ways to send it in the order in which they are
tried, and `IDEMPOTENT`, which says whether a message that is sent twice arrives once.
"""

from collections.abc import Sequence
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
from tidings.platform.logging import logger
from tidings.platform.providers.failover import Provider, send_by_first

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

    def providers(self, message: OutgoingMessage) -> Sequence[Provider[Receipt]]:
        """Return the providers of a message, at least one, in the order of their calls."""


CHANNELS: Final = frozenset(get_args(ChannelName))


def _channel(name: str) -> Channel:
    """Return a channel's module. A function sends through one of them, and imports only that."""
    if name not in CHANNELS:
        raise LookupError(f"there is no channel {name}")
    return cast(Channel, import_module(f"{__name__}.{name}"))


def deliver(message: OutgoingMessage) -> Receipt:
    """Send a message through the first of its channel's providers that accepts it.

    Simulated ones get their outcome.

    Raises:
        CircuitOpen: all providers failed repeatedly, so none is called now.
        TemporaryFailure: a retry may help.
        PermanentFailure: a retry cannot help.
    """
    if (outcome := simulated.outcome_of(message)) is not None:
        receipt = simulated.answer(message, outcome)
        _log_accepted(message, receipt)
        return receipt
    providers = _channel(message.channel).providers(message)
    receipt, tried = send_by_first(message.channel, providers)
    if tried:
        receipt = receipt.model_copy(update={"tried": tried})
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
