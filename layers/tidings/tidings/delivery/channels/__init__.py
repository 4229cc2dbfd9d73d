"""The ways to reach a person outside the inbox; each is one file in this folder.

A channel's module has `provider(message)`, which names who is called; `IDEMPOTENT`, which says
whether a message that is sent twice arrives once; and `send(message, deadline)`.
"""

import pkgutil
from importlib import import_module
from typing import Final, Protocol, cast

from tidings.delivery.schemas import Address, Device, OutgoingMessage, Receipt, Rendered
from tidings.platform.breaker import guarded
from tidings.platform.logging import logger
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
    """What a module of this folder has."""

    IDEMPOTENT: bool

    def provider(self, message: OutgoingMessage) -> str:
        """Return who is called: the name of a circuit breaker, and before a colon the provider."""

    def send(self, message: OutgoingMessage, deadline: Deadline) -> Receipt:
        """Hand a message over."""


CHANNELS: Final[dict[str, Channel]] = {
    module.name: cast(Channel, import_module(f"{__name__}.{module.name}"))
    for module in pkgutil.iter_modules(__path__)
}


def deliver(message: OutgoingMessage) -> Receipt:
    """Hand a message to its channel's provider, once.

    Raises:
        CircuitOpen: the provider failed so often that it is not asked now.
        TemporaryFailure: it did not work this time.
        PermanentFailure: it never will.
    """
    channel = CHANNELS[message.channel]
    deadline = Deadline.after()
    with guarded(channel.provider(message)):
        receipt = channel.send(message, deadline)
    logger.info(
        "message handed over",
        notification_id=message.notification_id,
        channel=message.channel,
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
    )
    return receipt


def is_idempotent(channel: str) -> bool:
    """Say whether it does no harm to send a message again that may have been sent."""
    return CHANNELS[channel].IDEMPOTENT
