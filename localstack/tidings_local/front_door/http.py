"""An HTTP request and its answer, with the bytes unchanged."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

Headers = list[tuple[bytes, bytes]]
"""In the order and case of the sender."""


class BodyTooLargeError(Exception):
    """A body has more bytes than its reader accepts."""


class Body(Protocol):
    """A request's body. Read it once, completely or in pieces."""

    async def read(self, limit_bytes: int) -> bytes:
        """Return the complete body.

        Raises:
            BodyTooLargeError: it has more bytes than the limit.
            ConnectionError: the client left before its end.
        """

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives; the client is limited to the reader's speed."""


@dataclass(slots=True, kw_only=True)
class Request:
    method: str
    target: bytes
    """Path and query, not decoded."""
    headers: Headers
    version: str
    """`1.1` or `1.0`."""
    client: str
    """The client's address, without its port."""
    secure: bool
    """Whether it came by HTTPS."""
    body: Body


@dataclass(slots=True, kw_only=True)
class Response:
    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
