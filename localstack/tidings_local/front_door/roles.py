"""The interfaces that a client's connection uses."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.limits import Limits

if TYPE_CHECKING:
    from tidings_local.front_door.protocol import ClientConnection


class Service(Protocol):
    """The parts of the front door that a connection uses."""

    limits: Limits
    stopping: bool

    def answer(self, request: Request) -> Awaitable[Response] | None: ...

    async def forward(self, exchange: Exchange, client: ClientConnection) -> None: ...

    async def forward_http2(self, client: ClientConnection, begun_with: bytes) -> None: ...

    def date(self) -> bytes: ...

    def opened(self, connection: ClientConnection) -> None: ...

    def closed(self, connection: ClientConnection) -> None: ...


class Relay(Protocol):
    """Forwards another server's answer to the client."""

    def client_gone(self) -> None: ...

    def client_is_slow(self) -> None: ...

    def client_is_ready(self) -> None: ...
