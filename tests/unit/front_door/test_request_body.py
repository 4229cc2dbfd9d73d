"""Tests of the request body between the connection that fills it and the code that reads it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tidings_local.front_door.http import BodyTooLargeError
from tidings_local.front_door.request_body import FULL_BYTES, RequestBody


class Source:
    """A connection that runs its next step each time the body wants more bytes."""

    def __init__(self, *steps: Callable[[RequestBody], None]) -> None:
        self.steps = list(steps)
        self.wanted = 0
        self.body: RequestBody | None = None

    def body_wanted(self) -> None:
        self.wanted += 1
        if self.steps and self.body:
            self.steps.pop(0)(self.body)


def a_body(*steps: Callable[[RequestBody], None], declared: int | None = None) -> RequestBody:
    source = Source(*steps)
    source.body = RequestBody(source, declared)
    return source.body


def feeds(piece: bytes) -> Callable[[RequestBody], None]:
    return lambda body: body.feed(piece)


def ends(body: RequestBody) -> None:
    body.end()


def breaks(body: RequestBody) -> None:
    body.fail("the client left")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    async def limited() -> Any:
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(limited())


def test_received_and_later_pieces_are_one_body() -> None:
    body = a_body(feeds(b"c"), feeds(b"d"), ends)
    body.feed(b"a")
    body.feed(b"b")
    assert run(body.read(4)) == b"abcd"


@pytest.mark.parametrize("declared", [4, None])
def test_limit_itself_is_allowed_and_one_byte_more_is_not(declared: int | None) -> None:
    assert run(a_body(feeds(b"abcd"), ends, declared=declared).read(4)) == b"abcd"
    with pytest.raises(BodyTooLargeError):
        run(a_body(feeds(b"abcd"), ends, declared=declared).read(3))


def test_body_with_a_declared_size_over_the_limit_is_not_read() -> None:
    """A client that sends `Expect: 100-continue` then sends nothing."""
    source = Source()
    body = RequestBody(source, 5)
    with pytest.raises(BodyTooLargeError):
        run(body.read(4))
    assert source.wanted == 0


def test_endless_body_ends_at_the_limit() -> None:
    with pytest.raises(BodyTooLargeError):
        run(a_body(*[feeds(b"x" * 10)] * 100).read(25))


def test_broken_body_is_never_returned_in_part() -> None:
    with pytest.raises(ConnectionError, match="the client left"):
        run(a_body(feeds(b"half"), breaks).read(100))


def test_pieces_before_the_break_are_not_returned_after_it() -> None:
    body = a_body()
    body.feed(b"half")
    breaks(body)
    with pytest.raises(ConnectionError):
        run(body.read(100))


def test_complete_body_cannot_break() -> None:
    body = a_body()
    body.feed(b"whole")
    body.end()
    breaks(body)
    assert not body.failed
    assert run(body.read(100)) == b"whole"


def test_reader_that_waits_is_woken_by_the_break() -> None:
    async def scenario() -> None:
        body = a_body()
        reading = asyncio.create_task(body.read(100))
        await asyncio.sleep(0)
        assert body.awaited
        breaks(body)
        with pytest.raises(ConnectionError):
            await reading
        assert not body.awaited

    run(scenario())


def test_reader_that_was_cancelled_does_not_wait() -> None:
    """Otherwise a timeout for slow clients would make the next read fail."""

    async def scenario() -> None:
        body = a_body()
        reading = asyncio.create_task(body.read(100))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert not body.awaited
        body.feed(b"late")
        body.end()
        assert body.take_all() == b"late"

    run(scenario())


def test_reader_that_was_cancelled_leaves_the_next_one_its_bytes() -> None:
    """LocalStack's answer ends the reader; the rest of the body is awaited in the same turn."""

    async def scenario() -> None:
        body = a_body()
        reading = asyncio.create_task(body.read(100))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(body.wait_for_end())
        reading.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        body.end()
        await asyncio.wait_for(waiting, 5)

    run(scenario())


def test_body_is_full_until_its_reader_takes_it() -> None:
    body = a_body()
    body.feed(bytes(FULL_BYTES - 1))
    assert not body.full
    body.feed(b"x")
    assert body.full
    assert len(body.take_all()) == FULL_BYTES
    assert not body.full
    assert body.take_all() == b""


def test_discarded_bytes_are_counted_and_take_no_room() -> None:
    body = a_body()
    body.feed(b"unread")
    body.discard()
    for _ in range(3):
        body.feed(bytes(FULL_BYTES))
    assert not body.full
    assert body.discarded_bytes == 3 * FULL_BYTES
    body.end()
    assert body.take_all() == b""
    assert not body.empty, "discarded bytes must count as received"


def test_body_counts_as_empty_only_after_its_end_without_bytes() -> None:
    body = a_body()
    assert not body.empty
    body.end()
    assert body.empty
    other = a_body()
    other.feed(b"x")
    other.take_all()
    other.end()
    assert not other.empty, "sending it again would lose the bytes that were read"


@pytest.mark.parametrize("last", [ends, breaks])
def test_waiting_for_the_end_stops_with_the_body(last: Callable[[RequestBody], None]) -> None:
    body = a_body(feeds(b"a"), feeds(b"b"), last)
    run(body.wait_for_end())
    assert body.ended != body.failed
