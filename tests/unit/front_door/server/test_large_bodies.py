"""Bodies larger than the memory are streamed."""

import asyncio
import contextlib
import hashlib
import time

import pytest

from tests.unit.front_door.server.running import RunningDoor, read_answer
from tests.unit.front_door.server.upstream import Received, reader_of
from tests.waiting import eventually

SIZE = 64_000_000
"""More than Linux buffers for the front door, the client and the upstream server."""
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
PUT = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % SIZE


def body() -> bytes:
    return hashlib.shake_128(b"front door").digest(SIZE)


@pytest.mark.parametrize("secure", [False, True])
def test_large_body_is_forwarded_whole(door: RunningDoor, secure: bool) -> None:
    door.to_secure_upstream(secure)
    sent = body()
    assert door.ask(PUT + sent, secure=secure).status == 200
    assert door.upstream.received[0].body == sent


@pytest.mark.parametrize("secure", [False, True])
def test_large_answer_is_forwarded_whole(door: RunningDoor, secure: bool) -> None:
    sent = body()

    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE + sent)

    door.upstream.reply = reply
    door.to_secure_upstream(secure)
    assert door.ask(GET, secure=secure).body == sent


def test_a_slow_localstack_slows_its_client_down(door: RunningDoor) -> None:
    may_read = door.upstream.before_bodies = door.in_loop(asyncio.Event)
    connection = door.connect()
    connection.settimeout(0.5)
    rest = memoryview(PUT + bytes(SIZE))
    with contextlib.suppress(TimeoutError):
        while rest:
            rest = rest[connection.send(rest[:65536]) :]
    assert rest
    door.in_loop(may_read.set)
    connection.settimeout(60)
    connection.sendall(rest)
    assert read_answer(connection).body == b"ok"


@pytest.mark.parametrize("secure", [False, True])
def test_a_slow_client_slows_localstack_down(door: RunningDoor, secure: bool) -> None:
    written: list[int] = []

    async def write_much(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _piece in range(SIZE // 64_000):
            writer.write(bytes(64_000))
            await writer.drain()
            written.append(64_000)

    door.upstream.reply = write_much
    door.to_secure_upstream(secure)
    connection = door.connect(secure=secure)
    connection.sendall(GET)
    eventually(lambda: _stands_still(written))
    assert sum(written) < SIZE
    assert len(read_answer(connection).body) == SIZE
    assert len(door.ask(GET, secure=secure).body) == SIZE
    assert door.upstream.connections == 1


def _stands_still(written: list[int]) -> bool:
    before = len(written)
    time.sleep(0.2)
    return before > 0 and before == len(written)


def test_client_that_leaves_during_an_answer_ends_it(door: RunningDoor) -> None:
    async def write_for_ever(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not reader_of(writer).at_eof():
            writer.write(b"5\r\nabcde\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    door.upstream.reply = write_for_ever
    connection = door.connect()
    connection.sendall(GET)
    assert connection.recv(10)
    connection.close()
    eventually(lambda: door.upstream_connections() == 0)
