"""Two tied connections: a slow end slows the other, and both end together."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from tidings_local.front_door.tunnel import TunnelEnd, tie


class Line:
    """A transport that records the calls made on it."""

    def __init__(self) -> None:
        self.sent = b""
        self.closing = False
        self.reads = True
        self.protocol: TunnelEnd | None = None

    def write(self, data: bytes) -> None:
        assert not self.closing, "nothing may be written to a closing connection"
        self.sent += data

    def pause_reading(self) -> None:
        assert not self.closing
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.closing
        self.reads = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def set_protocol(self, protocol: TunnelEnd) -> None:
        self.protocol = protocol

    @property
    def end(self) -> TunnelEnd:
        assert self.protocol is not None
        return self.protocol


class Tunnel:
    def __init__(self) -> None:
        self.client, self.upstream = Line(), Line()
        self.ended = 0
        tie(
            cast(asyncio.Transport, self.client),
            cast(asyncio.Transport, self.upstream),
            self._client_ended,
        )

    def _client_ended(self) -> None:
        self.ended += 1

    def ends(self, of: str) -> tuple[Line, Line]:
        """Return the named connection and the other one."""
        both = self.client, self.upstream
        return both if of == "client" else both[::-1]


@pytest.fixture
def tunnel() -> Tunnel:
    return Tunnel()


BOTH = pytest.mark.parametrize("of", ["client", "upstream"])


@BOTH
def test_bytes_go_to_the_other_end_only(tunnel: Tunnel, of: str) -> None:
    mine, other = tunnel.ends(of)
    for piece in (b"\x82\x05", b"", b"GET / HTTP/1.1\r\n\r\n"):
        mine.end.data_received(piece)
    assert other.sent == b"\x82\x05GET / HTTP/1.1\r\n\r\n"
    assert mine.sent == b""


@BOTH
def test_end_that_does_not_read_pauses_the_other(tunnel: Tunnel, of: str) -> None:
    """Otherwise the bytes of a fast sender would fill the memory."""
    mine, other = tunnel.ends(of)
    mine.end.pause_writing()
    assert (mine.reads, other.reads) == (True, False)
    mine.end.resume_writing()
    assert (mine.reads, other.reads) == (True, True)


def test_both_ends_may_be_slow_at_once(tunnel: Tunnel) -> None:
    tunnel.client.end.pause_writing()
    tunnel.upstream.end.pause_writing()
    tunnel.client.end.resume_writing()
    assert (tunnel.client.reads, tunnel.upstream.reads) == (False, True)


@BOTH
def test_end_of_one_connection_ends_both(tunnel: Tunnel, of: str) -> None:
    mine, other = tunnel.ends(of)
    mine.closing = True
    mine.end.connection_lost(ConnectionResetError())
    assert other.closing
    assert tunnel.ended == (of == "client")


def test_client_ends_once_however_both_ends_went(tunnel: Tunnel) -> None:
    """Otherwise the count of connections would be wrong."""
    tunnel.upstream.end.connection_lost(None)
    tunnel.client.end.connection_lost(None)
    assert tunnel.ended == 1


@pytest.mark.parametrize(
    "late",
    [
        lambda end: end.data_received(b"late"),
        lambda end: end.pause_writing(),
        lambda end: end.resume_writing(),
    ],
    ids=["bytes", "slow", "ready"],
)
@BOTH
def test_bytes_after_the_end_of_the_other_are_dropped(
    tunnel: Tunnel, of: str, late: Callable[[TunnelEnd], None]
) -> None:
    mine, other = tunnel.ends(of)
    other.close()
    late(mine.end)
    assert other.sent == b""
