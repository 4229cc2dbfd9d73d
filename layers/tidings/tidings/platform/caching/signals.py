"""Signals between processes: short texts on a channel of the cache's Redis.

A signal may get lost, and nobody keeps it. Receivers therefore also look for changes themselves.
"""

from typing import Final

from tidings.platform.caching import cache
from tidings.platform.storage.resting import Resting

_resting: Final = Resting("signal not sent: Redis did not answer")


def send(channel: str, text: str) -> None:
    """Send a text to all processes that listen to a channel; without Redis, log that."""
    _resting.ask(lambda: cache.client().publish(channel_name(channel), text))


def channel_name(channel: str) -> str:
    """Return a channel's name in Redis."""
    return cache.key("signals", channel)
