"""Answers that the front door gives itself, over plain sockets and TLS."""

import os
import socket
import stat
from pathlib import Path

import pytest

from tests.unit.front_door.server.running import RunningDoor, read_answer, read_to_end
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.server import FrontDoor

GET = b"GET /ours?x=%41 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("secure", [False, True])
def test_one_port_takes_http_and_https(door: RunningDoor, secure: bool) -> None:
    answer = door.ask(GET, secure=secure)
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.header("Content-Length") == "5"
    assert answer.header("Date").endswith("GMT")  # type: ignore[union-attr]


def test_request_arrives_unchanged(door: RunningDoor) -> None:
    seen: list[Request] = []

    async def note(request: Request) -> Response:
        seen.append(request)
        return Response(status=204, body=await request.body.read(100))

    door.handler = note
    door.ask(
        b"POST /ours/%2F?a=1&a=%C3%A4 HTTP/1.1\r\nhOST: localhost\r\nX-Two: 1\r\nx-two:2\r\n"
        b"Content-Length: 3\r\n\r\nabc",
        secure=True,
    )
    request = seen[0]
    assert (request.method, request.target) == ("POST", b"/ours/%2F?a=1&a=%C3%A4")
    assert request.headers == [
        (b"hOST", b"localhost"),
        (b"X-Two", b"1"),
        (b"x-two", b"2"),
        (b"Content-Length", b"3"),
    ]
    assert (request.version, request.client, request.secure) == ("1.1", "127.0.0.1", True)


def test_pipelined_requests_are_answered_in_their_order(door: RunningDoor) -> None:
    async def echo(request: Request) -> Response:
        return Response(status=200, body=request.target)

    door.handler = echo
    connection = door.connect()
    requests = [b"GET /ours/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(200)]
    last = b"GET /ours/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    connection.sendall(b"".join(requests) + last)
    answers = read_to_end(connection).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [answer.rsplit(b"\r\n\r\n", 1)[1] for answer in answers] == [
        *(b"/ours/%d" % number for number in range(200)),
        b"/ours/last",
    ]


def test_only_the_owner_can_use_the_unix_socket(door: RunningDoor, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    control = door.in_loop(lambda: FrontDoor(door.handler))
    door.run(control.listen_unix(path))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600  # noqa: PTH116 (a socket)
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    connection.sendall(GET)
    assert read_answer(connection).body == b"hello"
    connection.close()
    door.run(control.stop(grace_seconds=0))
