"""Pass calls of the live inbox to its server, which keeps them open.

Its paths begin with `/live/` after the stage: `/_aws/execute-api/<api>/<stage>/live/inbox`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tidings_local.front_door.addresses import Address, address_of
from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.forwarding import Forwarder
from tidings_local.front_door.http import Request
from tidings_local.front_door.protocol import ClientConnection

_PATH: Final = "/live/"


def is_live(address: Address) -> bool:
    return address.path.startswith(_PATH)


class LiveDoor:
    """Forwards the calls of the live inbox, and ends the open ones when the front door stops."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._clients: set[ClientConnection] = set()

    async def forward(self, exchange: Exchange, client: ClientConnection) -> bool:
        """Forward a call of the live inbox; return False if it is another call."""
        inner = _inner(exchange.request)
        if inner is None:
            return False
        exchange.request = inner
        self._clients.add(client)
        try:
            await self._forwarder.forward(exchange, client)
        finally:
            self._clients.discard(client)
        return True

    def close(self) -> None:
        """End all open streams; their clients connect again."""
        for client in list(self._clients):
            client.give_up()


def _inner(request: Request) -> Request | None:
    """Return the request as the server of the live inbox expects it, without API and stage."""
    address = address_of(request.target, request.headers)
    if address is None or not is_live(address):
        return None
    query = f"?{address.query}" if address.query else ""
    return replace(request, target=f"{address.path}{query}".encode())
