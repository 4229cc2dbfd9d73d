"""The limits of size and time for a client of the front door."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    head_bytes: int = 64 * 1024
    """Request line and headers. LocalStack accepts 16 KB, API Gateway 10 KB."""
    headers: int = 500
    waiting_requests: int = 32
    """Requests of one connection that arrived before earlier ones were answered."""
    head_seconds: float = 10.0
    """From a head's first byte to its last one; also for a TLS handshake."""
    body_seconds: float = 30.0
    """Without a byte of a body that is read."""
    write_seconds: float = 60.0
    """Without the client reading a byte of its answer."""
    idle_seconds: float = 75.0
    """Between an answer and the next request."""
    unread_bytes: int = 16 * 1024 * 1024
    unread_seconds: float = 5.0
    """This much of an unread body is discarded after its answer; then the connection is closed."""
