"""Orderly stop: accepted requests are answered, new ones are refused."""

import asyncio
import contextlib
import socket
import threading

import pytest

from tests.unit.front_door.server.running import RunningDoor, read_to_end
from tests.unit.front_door.server.upstream import OK, Received
from tests.waiting import eventually
from tidings_local.front_door.http import Request, Response

GET = b"GET /ours HTTP/1.1\r\nHost: a\r\n\r\n"


def stop(door: RunningDoor, grace_seconds: float) -> threading.Thread:
    thread = threading.Thread(target=door.run, args=(door.door.stop(grace_seconds),))
    thread.start()
    return thread


def refused(door: RunningDoor) -> bool:
    try:
        socket.create_connection(("127.0.0.1", door.port)).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("target", [b"/ours", b"/theirs"])
def test_accepted_requests_are_answered(door: RunningDoor, target: bytes) -> None:
    may_end, accepted = door.in_loop(asyncio.Event), threading.Event()

    async def ours(_: Request) -> Response:
        accepted.set()
        await may_end.wait()
        return Response(status=200, body=b"ok")

    async def theirs(_: Received, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await may_end.wait()
        writer.write(OK)

    door.handler, door.upstream.reply = ours, theirs
    busy, idle = door.connect(), door.connect(secure=True)
    busy.sendall(GET.replace(b"/ours", target))
    assert accepted.wait(60)
    eventually(lambda: door.connections() == 2)
    stopping = stop(door, 60)
    assert read_to_end(idle) == b""
    eventually(lambda: refused(door))
    door.in_loop(may_end.set)
    answer = read_to_end(busy)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"ok")
    stopping.join(60)
    assert not stopping.is_alive()


def test_requests_over_the_grace_period_are_ended(door: RunningDoor) -> None:
    accepted = threading.Event()

    async def never(_: Request) -> Response:
        accepted.set()
        await asyncio.sleep(3600)
        return Response(status=200)

    door.handler = never
    connection = door.connect()
    connection.sendall(GET)
    assert accepted.wait(60)
    door.run(door.door.stop(grace_seconds=0.1))
    with contextlib.suppress(ConnectionResetError):
        assert read_to_end(connection) == b""
    assert refused(door)
