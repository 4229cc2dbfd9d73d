"""Two connected connections, for protocols that the front door does not parse."""

import asyncio
from collections.abc import Callable


class TunnelEnd(asyncio.Protocol):
    """Writes the bytes of its own connection to the other one."""

    def __init__(
        self,
        mine: asyncio.Transport,
        other: asyncio.Transport,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._mine = mine
        self._other = other
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        if not self._other.is_closing():
            self._other.write(data)

    def pause_writing(self) -> None:
        if not self._other.is_closing():
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if not self._other.is_closing():
            self._other.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (asyncio's call)
        self._other.close()
        self._ended()


def tie(
    client: asyncio.Transport, upstream: asyncio.Transport, client_ended: Callable[[], None]
) -> None:
    """Connect both connections, and end them together."""
    client.set_protocol(TunnelEnd(client, upstream, client_ended))
    upstream.set_protocol(TunnelEnd(upstream, client))
