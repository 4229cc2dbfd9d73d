"""Tests with malicious, malformed and slow requests."""

import asyncio
import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.unit.front_door.server.running import RunningDoor, read_answer, read_to_end
from tests.waiting import eventually
from tidings_local.front_door.http import Request, Response

GET = b"GET /ours HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /ours HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /ours/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

AMBIGUOUS = {
    "length and chunks": POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and length": POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "two unequal lengths": POST + b"Content-Length: 0\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": POST + b"Content-Length: +3\r\n\r\nabc",
    "a negative length": POST + b"Content-Length: -3\r\n\r\nabc",
    "an empty length": POST + b"Content-Length:\r\n\r\nabc",
    "a hexadecimal length": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "a length over 64 bits": POST + b"Content-Length: 99999999999999999999\r\n\r\nabc",
    "chunks that are not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunks twice": POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": POST.replace(b"/1.1", b"/1.0") + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
    "a tab before chunked": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"POST /ours HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
    "a folded header": b"GET /ours HTTP/1.1\r\nHost: a\r\nX: b\r\n Transfer-Encoding: x\r\n\r\n",
    "a folded length": POST + b"Content-Length:\r\n 3\r\n\r\nabc",
    "a blank before the first header": b"GET /ours HTTP/1.1\r\n Host: a\r\n\r\n",
    "bare line feeds": b"GET /ours HTTP/1.1\nHost: a\n\n",
    "one bare line feed": b"GET /ours HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "a bare carriage return": b"GET /ours HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "a zero byte in a value": b"GET /ours HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
    "a zero byte in a name": b"GET /ours HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n",
    "a chunk without a size": POST + CHUNKED + b"\r\n\r\nabc\r\n0\r\n\r\n",
    "a chunk size that is no number": POST + CHUNKED + b"\r\nzz\r\nabc\r\n0\r\n\r\n",
    "a chunk size with a blank": POST + CHUNKED + b"\r\n3 \r\nabc\r\n0\r\n\r\n",
    "a chunk size over 64 bits": POST + CHUNKED + b"\r\nfffffffffffffffff\r\nabc",
    "a chunk longer than it says": POST + CHUNKED + b"\r\n2\r\nabc\r\n0\r\n\r\n",
    "chunks by line feeds": POST + CHUNKED + b"\r\n3\nabc\n0\n\n",
    "two hosts": b"GET /ours HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET /ours HTTP/1.1\r\nX: b\r\n\r\n",
    "an unknown method": b"STEAL /ours HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": b"get /ours HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target without a slash": b"GET ours HTTP/1.1\r\nHost: a\r\n\r\n",
    "bytes over 127 in the target": b"GET /ours/\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version nobody speaks": b"GET /ours HTTP/1.2\r\nHost: a\r\n\r\n",
    "no HTTP at all": b"\x80\xff\0\r\n\r\n",
    "a mail": b"EHLO mail.example\r\nMAIL FROM:<a@b>\r\n",
}


async def echo(request: Request) -> Response:
    body = await request.body.read(1 << 20)
    return Response(status=200, body=request.target + b" " + body)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("request_bytes", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_an_ambiguous_request_is_refused(
    door: RunningDoor, request_bytes: bytes, secure: bool
) -> None:
    door.handler = echo
    connection = door.connect(secure=secure)
    connection.sendall(request_bytes)
    answers = read_to_end(connection)
    assert answers.startswith(b"HTTP/1.1 400 Bad Request\r\n"), answers
    assert answers.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in answers
    assert b'{"message": "The request' in answers


@pytest.mark.parametrize("request_bytes", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_ambiguous_request_is_not_forwarded(door: RunningDoor, request_bytes: bytes) -> None:
    connection = door.connect()
    connection.sendall(request_bytes.replace(b"/ours", b"/their"))
    assert read_to_end(connection).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert [each for each in door.upstream.received if b"smuggled" in each.target] == []


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /ours HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET /ours HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        (POST + b"Transfer-Encoding:: chunked\r\n\r\n0\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (POST + CHUNKED + b"\r\n0\r\nX: " + 140_000 * b"x", 431),
        (POST + CHUNKED + b"\r\n0;" + 140_000 * b"x", 431),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET /ours HTTP/1.1\r\nHost: a\r\n" + 600 * b"A: b\r\n" + b"\r\n", 431),
        (b"GET /ours HTTP/1.1\r\nHost: a\r\nA: " + 70_000 * b"b" + b"\r\n\r\n", 431),
        (b"GET /ours?" + 70_000 * b"b" + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET /ours HTTP/1.1\r\nHost: a\r\n" + 140_000 * b"A", 431),
    ],
)
def test_unsupported_request_gets_an_error(
    door: RunningDoor, request_bytes: bytes, status: int
) -> None:
    door.handler = echo
    connection = door.connect()
    connection.sendall(request_bytes)
    assert read_answer(connection).status == status
    assert connection.recv(1) == b""


def test_requests_before_a_bad_one_are_answered(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(GET + GET + b"nonsense\r\n\r\n" + GET)
    answers = read_to_end(connection)

    assert answers.count(b"200 OK") == 2
    assert answers.count(b"400 Bad Request") == 1


def test_malformed_handshake_ends_only_its_connection(door: RunningDoor) -> None:
    for garbage in (b"\x16" + os.urandom(500), b"\x16\x03\x01\xff\xff" + os.urandom(100)):
        connection = door.connect()
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP" not in _read_what_comes(connection)
    assert door.ask(GET, secure=True).status == 200


def _read_what_comes(connection: socket.socket) -> bytes:
    try:
        return read_to_end(connection)
    except ConnectionResetError:
        return b""


def test_slow_head_is_cut_off(door: RunningDoor) -> None:
    door.restart(head_seconds=0.3)
    connection = door.connect()
    connection.sendall(b"GET /ours HTTP/1.1\r\n")
    connection.settimeout(0.05)
    assert eventually(lambda: _answer_to_one_byte_more(connection)).startswith(b"HTTP/1.1 408 ")


def _answer_to_one_byte_more(connection: socket.socket) -> bytes:
    with suppress(ConnectionError):  # the answer is there, and the door has closed
        connection.sendall(b"X")
    try:
        return connection.recv(100)
    except TimeoutError:
        return b""


def test_missing_body_is_cut_off(door: RunningDoor) -> None:
    door.restart(body_seconds=0.3)
    door.handler = echo
    answer = door.ask(POST + b"Content-Length: 9\r\n\r\nabc")
    assert answer.status == 408
    assert b"0.3 seconds" in answer.body


def test_missing_handshake_is_cut_off(door: RunningDoor) -> None:
    door.restart(head_seconds=0.3)
    connection = door.connect()
    connection.sendall(b"\x16\x03\x01")
    assert _read_what_comes(connection) == b""


@pytest.mark.parametrize("before", [b"", GET])
def test_an_idle_connection_is_closed(door: RunningDoor, before: bytes) -> None:
    door.restart(idle_seconds=0.3)
    connection = door.connect()
    connection.sendall(before)
    read_to_end(connection)


def test_client_that_does_not_read_is_cut_off(door: RunningDoor) -> None:
    door.restart(write_seconds=0.3)

    answered = threading.Event()

    async def much(_: Request) -> Response:
        answered.set()
        return Response(status=200, body=bytes(50_000_000))

    door.handler = much
    connection = door.connect()
    connection.sendall(GET)
    assert answered.wait(60)
    eventually(lambda: door.connections() == 0)
    connection.close()


def test_last_answer_that_is_not_read_is_cut_off(door: RunningDoor) -> None:
    door.restart(write_seconds=0.3)
    size = 8_000_000

    answered = threading.Event()

    async def much(_: Request) -> Response:
        answered.set()
        return Response(status=200, body=bytes(size))

    door.handler = much
    connection = door.connect()
    connection.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answered.wait(60)
    eventually(lambda: door.connections() == 0)
    assert len(_read_what_comes(connection)) < size


@pytest.fixture
def many_files() -> Iterator[None]:
    """Raise the limit of open files: both ends of each connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_idle_connections_delay_no_other(door: RunningDoor, many_files: None) -> None:
    door.restart(head_seconds=600, idle_seconds=600)
    idle = [door.connect() for _ in range(1000)]
    for connection in idle[:500]:
        connection.sendall(b"GET /ours HT")
    assert door.ask(GET).status == 200
    assert door.ask(GET, secure=True).status == 200
    idle[0].sendall(b"TP/1.1\r\nHost: a\r\n\r\n")
    assert read_answer(idle[0]).status == 200


def test_lack_of_file_descriptors_only_delays(door: RunningDoor) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    connection = socket.socket()
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        connection.connect(("127.0.0.1", door.port))
        door.run(asyncio.sleep(0.2))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    connection.sendall(GET)
    assert read_answer(connection).status == 200
    connection.close()


def test_client_that_closed_its_sending_side_gets_the_answer(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(GET + GET)
    connection.shutdown(socket.SHUT_WR)
    assert read_to_end(connection).count(b"hello") == 2


def test_half_a_request_ends_with_its_connection(door: RunningDoor) -> None:
    door.handler = echo
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 9\r\n\r\nabc")
    connection.shutdown(socket.SHUT_WR)
    assert read_to_end(connection) == b""
    assert door.ask(GET).status == 200


def test_a_header_of_an_answer_cannot_become_two(door: RunningDoor) -> None:
    async def evil(_: Request) -> Response:
        return Response(status=200, headers=[(b"Location", b"/\r\nSet-Cookie: a=b")])

    door.handler = evil
    answer = door.ask(GET)
    assert answer.status == 500
    assert answer.header("Set-Cookie") is None
