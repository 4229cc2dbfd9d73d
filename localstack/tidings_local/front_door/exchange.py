"""A client's request, and the conditions for its answer."""

from dataclasses import dataclass

from tidings_local.front_door.http import Request
from tidings_local.front_door.request_body import RequestBody


@dataclass(slots=True, kw_only=True, eq=False)
class Exchange:
    request: Request
    body: RequestBody
    chunked: bool
    """Whether the length of the body was not declared."""
    keep_alive: bool
    awaits_continue: bool
    """Whether the client sends the body only after `100 Continue`."""
    upgrades: bool
    """Whether the client offers another protocol, usually a WebSocket."""
    begun: bool = False
    """Whether the client already got a part of its answer."""
