"""Forward requests to another server, and answer 503 while it is unavailable."""

import logging

from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.protocol import ClientConnection
from tidings_local.front_door.relay import Relay, UpstreamLostError
from tidings_local.front_door.tunnel import tie
from tidings_local.front_door.upstream import Upstream, UpstreamConnection
from tidings_local.front_door.wire import Refusal

REPEATABLE = {"GET", "HEAD", "OPTIONS"}
"""These are sent a second time if LocalStack closed a kept connection at the same moment."""

logger = logging.getLogger(__name__)


class Forwarder:
    """Forwards to LocalStack, or to another server with a name for error messages."""

    def __init__(self, upstream: Upstream, name: str = "LocalStack") -> None:
        self._upstream = upstream
        self._name = name

    async def forward(self, exchange: Exchange, client: ClientConnection) -> None:
        """Let the server answer, or answer 503 instead."""
        try:
            while not await self._relayed(exchange, client):
                pass
        except (OSError, UpstreamLostError) as error:
            if exchange.body.failed or client.gone:
                return
            self._tell(error, exchange, client)

    async def _relayed(self, exchange: Exchange, client: ClientConnection) -> bool:
        """Return False if the request has to be sent once more."""
        secure = exchange.request.secure
        upstream = await self._upstream.take(secure=secure)
        if client.gone:
            self._upstream.keep(upstream, secure=secure)
            return True
        relay = Relay(exchange, client, upstream)
        try:
            await relay.run()
        except UpstreamLostError:
            if upstream.used and _repeatable(exchange):
                return False
            raise
        finally:
            if relay.next_protocol is not None:
                _tunnel(client, upstream, relay.next_protocol)
            elif relay.reusable:
                self._upstream.keep(upstream, secure=secure)
            else:
                upstream.transport.abort()
        return True

    def _tell(self, error: Exception, exchange: Exchange, client: ClientConnection) -> None:
        logger.warning(
            "front door could not forward a request to %s",
            self._name,
            extra={"upstream": str(self._upstream.address), "error": str(error)},
        )
        if exchange.begun:
            client.abort()
            return
        message = f"{self._name} at {self._upstream.address} gave no answer: {error or 'timeout'}."
        refusal = Refusal(status=503, message=message, headers=[(b"Retry-After", b"1")])
        client.send(refusal.response(), exchange)

    async def forward_http2(self, client: ClientConnection, begun_with: bytes) -> None:
        """Connect a client that starts with HTTP/2 to LocalStack, which supports it."""
        try:
            upstream = await self._upstream.connect(secure=client.secure)
        except OSError:
            client.abort()
            return
        upstream.write(begun_with)
        _tunnel(client, upstream, b"")


def _tunnel(client: ClientConnection, upstream: UpstreamConnection, said: bytes) -> None:
    unparsed = client.hand_over()
    client.write(said)
    upstream.write(unparsed)
    tie(client.transport, upstream.transport, client.tunnel_ended)
    client.transport.resume_reading()
    upstream.resume_reading()


def _repeatable(exchange: Exchange) -> bool:
    return exchange.request.method in REPEATABLE and not exchange.begun and exchange.body.empty
