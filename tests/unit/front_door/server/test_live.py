"""Streams of the live inbox pass the front door to their server, piece by piece."""

import asyncio
import socket
import threading

import pytest

from tests.unit.front_door.server.running import RunningDoor, read_to_end
from tests.unit.front_door.server.upstream import OK, Received, reader_of, says
from tests.waiting import eventually

STAGE = b"/_aws/execute-api/tidings/local"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = b"id: 1\nevent: ready\ndata: {}\n\n"


def request(target: bytes = STAGE + b"/live/inbox", *more: bytes) -> bytes:
    lines = (b"GET " + target + b" HTTP/1.1", b"Host: localhost", *more)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


async def stream(_: Received, writer: asyncio.StreamWriter) -> None:
    """Send one piece, and keep the connection."""
    writer.write(HEAD + chunk(PIECE))
    await reader_of(writer).read()


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    read = b""
    while wanted not in read:
        piece = connection.recv(65536)
        assert piece, read
        read += piece
    return read


@pytest.mark.parametrize("secure", [False, True])
def test_piece_arrives_while_the_answer_continues(door: RunningDoor, secure: bool) -> None:
    door.live.reply = stream
    connection = door.connect(secure=secure)
    connection.sendall(request(STAGE + b"/live/inbox?last_id=a.b", b"authorization: Bearer t"))
    assert read_until(connection, PIECE).startswith(b"HTTP/1.1 200 OK")
    received = door.live.received[0]
    assert (received.target, received.secure) == (b"/live/inbox?last_id=a.b", False)
    assert (b"authorization", b"Bearer t") in received.headers
    assert door.upstream.received == []


@pytest.mark.parametrize(
    "target",
    [
        b"/live/inbox",
        STAGE + b"/livestock",
        STAGE + b"/live",
        STAGE + b"/api/v1/live/inbox",
        b"/bucket/live/inbox",
    ],
)
def test_other_paths_are_localstacks(door: RunningDoor, target: bytes) -> None:
    assert door.ask(request(target, b"Connection: close")).body == b"ok"
    assert door.live.received == []
    assert door.upstream.received[0].target == target


def test_without_its_server_a_stream_is_answered_503(door: RunningDoor) -> None:
    door.run(door.live.stop())
    answer = door.ask(request())
    assert (answer.status, answer.header("Retry-After")) == (503, "1")
    assert b"the live server at" in answer.body
    door.run(door.live.start())
    assert door.ask(request(STAGE + b"/live/inbox", b"Connection: close")).body == b"ok"


def test_client_that_leaves_ends_the_stream_at_the_server(door: RunningDoor) -> None:
    door.live.reply = stream
    connection = door.connect()
    connection.sendall(request())
    read_until(connection, PIECE)
    assert door.in_loop(lambda: len(door.live.open)) == 1
    connection.close()
    eventually(lambda: door.in_loop(lambda: len(door.live.open)) == 0)
    assert door.connections() == 0


def test_server_that_ends_ends_the_stream(door: RunningDoor) -> None:
    door.live.reply = stream
    connection = door.connect()
    connection.sendall(request())
    read_until(connection, PIECE)
    door.run(door.live.stop())
    assert read_to_end(connection) == b""


def test_open_streams_do_not_delay_a_stop(door: RunningDoor) -> None:
    door.live.reply = stream
    connection = door.connect(secure=True)
    connection.sendall(request())
    read_until(connection, PIECE)
    stopping = threading.Thread(target=door.run, args=(door.door.stop(grace_seconds=3600),))
    stopping.start()
    stopping.join(60)
    assert not stopping.is_alive()
    assert connection.recv(65536) == b""


def test_server_waits_for_a_client_that_does_not_read(door: RunningDoor) -> None:
    written, blocked = threading.Event(), threading.Event()

    async def much(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        piece = chunk(b"x" * 65536)
        try:
            async with asyncio.timeout(2):
                for _piece in range(1000):  # 64 MB
                    writer.write(piece)
                    await writer.drain()
        except TimeoutError:
            blocked.set()
        written.set()

    door.live.reply = much
    connection = door.connect()
    connection.sendall(request())
    assert written.wait(60)
    assert blocked.is_set()


def test_connection_is_used_for_the_next_stream(door: RunningDoor) -> None:
    door.live.reply = says(OK)
    for _ in range(2):
        door.ask(request(STAGE + b"/live/inbox", b"Connection: close"))
    door.ask(request())
    door.ask(request())
    assert door.live.connections <= 3
