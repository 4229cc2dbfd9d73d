"""Bodies of requests that the front door answers itself."""

import asyncio

import pytest

from tests.unit.front_door.server.running import RunningDoor, hello, read_answer, read_to_end
from tests.waiting import eventually
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.protocol import SLICE_BYTES

POST = b"POST /ours HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /ours HTTP/1.1\r\nHost: a\r\n\r\n"


async def echo(request: Request) -> Response:
    return Response(status=200, body=await request.body.read(1000))


def test_chunked_body(door: RunningDoor) -> None:
    door.handler = echo
    answer = door.ask(
        POST + b"Transfer-Encoding: chunked\r\n\r\n3;name=value\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert (answer.status, answer.body) == (200, b"abcde")


@pytest.mark.parametrize("secure", [False, True])
def test_100_continue_is_sent_when_the_body_is_read(door: RunningDoor, secure: bool) -> None:
    door.handler = echo
    connection = door.connect(secure=secure)
    connection.sendall(POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"abc" + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    answers = read_to_end(connection)
    assert b"\r\n\r\nabcHTTP/1.1 200 OK" in answers


def test_answer_without_reading_the_body_sends_no_100_continue(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    answer = read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "length", [b"Content-Length: 1001\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n"]
)
def test_a_body_over_the_limit_is_413(door: RunningDoor, length: bytes) -> None:
    door.handler = echo
    connection = door.connect()
    connection.sendall(POST + length + 1001 * b"x")
    assert read_answer(connection).status == 413


def test_body_bytes_do_not_count_towards_the_next_head(door: RunningDoor) -> None:
    connection = door.connect()
    first = POST + b"Content-Length: %d\r\n\r\n"
    size = SLICE_BYTES - len(first % SLICE_BYTES) - len(POST)
    connection.sendall(first % size + bytes(size) + POST)
    assert read_answer(connection).status == 200
    connection.sendall(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
    assert read_to_end(connection).startswith(b"HTTP/1.1 200 OK")


def test_unread_body_is_discarded(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 3000000\r\n\r\n" + bytes(1_000_000))
    assert read_answer(connection).status == 200
    connection.sendall(bytes(2_000_000) + GET)
    assert read_answer(connection).body == b"hello"


def test_unread_body_has_a_limit(door: RunningDoor) -> None:
    door.restart(unread_bytes=1_000_000, unread_seconds=0.5)
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 200000000\r\n\r\n")
    with pytest.raises(OSError):  # noqa: PT011 (reset or broken pipe)
        connection.sendall(bytes(200_000_000))


def test_slow_reader_slows_its_client_down(door: RunningDoor) -> None:
    may_read = door.in_loop(asyncio.Event)
    size = 64_000_000

    async def read_late(request: Request) -> Response:
        await may_read.wait()
        total = 0
        async for piece in request.body.chunks():
            total += len(piece)
        return Response(status=200, body=b"%d" % total)

    door.handler = read_late
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % size)
    connection.settimeout(0.5)
    sent = 0
    while sent < size:
        try:
            sent += connection.send(bytes(min(65536, size - sent)))
        except TimeoutError:
            break
    assert sent < size
    door.in_loop(may_read.set)
    connection.settimeout(60)
    connection.sendall(bytes(size - sent))
    assert read_answer(connection).body == b"%d" % size


def test_reader_is_notified_when_its_client_leaves_in_the_body(door: RunningDoor) -> None:
    errors: list[BaseException] = []

    async def read(request: Request) -> Response:
        try:
            return await echo(request)
        except ConnectionError as error:
            errors.append(error)
            raise

    door.handler = read
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 9\r\n\r\nabc")
    connection.close()
    eventually(lambda: errors)
    door.handler = hello
    assert door.ask(GET).status == 200


def test_a_call_goes_on_when_its_client_leaves(door: RunningDoor) -> None:
    may_end = door.in_loop(asyncio.Event)
    ended: list[bool] = []

    async def long(_: Request) -> Response:
        await may_end.wait()
        ended.append(True)
        return Response(status=200)

    door.handler = long
    connection = door.connect(secure=True)
    connection.sendall(GET)
    eventually(lambda: door.connections() == 1)
    connection.close()
    eventually(lambda: door.connections() == 0)
    door.in_loop(may_end.set)
    eventually(lambda: ended)


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_to_head_has_a_length_and_no_body(door: RunningDoor, version: bytes) -> None:
    connection = door.connect()
    connection.sendall(b"HEAD /ours HTTP/%b\r\nHost: a\r\nConnection: close\r\n\r\n" % version)
    answer = read_to_end(connection)
    assert b"Content-Length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_http_1_0_closes_unless_asked(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(b"GET /ours HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    answer = read_answer(connection)
    assert answer.header("Connection") == "keep-alive"
    connection.sendall(b"GET /ours HTTP/1.0\r\n\r\n")
    assert b"Connection: close" in read_to_end(connection)


def test_error_of_the_handler_is_500(door: RunningDoor) -> None:
    async def fail(_: Request) -> Response:
        raise ValueError("a fault")

    door.handler = fail
    answer = door.ask(GET)
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')
    door.handler = hello
    assert door.ask(GET).status == 200
