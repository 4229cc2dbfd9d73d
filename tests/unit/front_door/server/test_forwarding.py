"""Requests that are forwarded to LocalStack, and its answers."""

import asyncio
import socket

import pytest

from tests.unit.front_door.server.running import RunningDoor, read_answer, read_to_end
from tests.unit.front_door.server.upstream import OK, Received, reader_of, says
from tests.waiting import eventually

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize("secure", [False, True])
def test_request_is_forwarded_unchanged(door: RunningDoor, secure: bool) -> None:
    door.to_secure_upstream(secure)
    answer = door.ask(
        b"PUT /bucket/%20a?x= HTTP/1.1\r\nhost: LocalHost\r\nAUTHORIZATION: AWS4 x\r\n"
        b"Content-Length: 5\r\n\r\nbytes",
        secure=secure,
    )
    assert (answer.status, answer.body) == (200, b"ok")
    received = door.upstream.received[0]
    assert (received.method, received.target) == (b"PUT", b"/bucket/%20a?x=")
    assert received.headers == [
        (b"host", b"LocalHost"),
        (b"AUTHORIZATION", b"AWS4 x"),
        (b"Content-Length", b"5"),
    ]
    assert (received.body, received.secure) == (b"bytes", secure)


def test_chunks_and_trailers_are_forwarded(door: RunningDoor) -> None:
    door.ask(
        POST + b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 7\r\n\r\n"
    )
    received = door.upstream.received[0]
    assert (b"Transfer-Encoding", b"chunked") in received.headers
    assert (received.body, received.trailers) == (b"abcde", [(b"X-Sum", b"7")])


ANSWERS = {
    "chunks and trailers": b"HTTP/1.1 299 Quite Fine\r\nx-AMZN: 1\r\nX-amzn: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
    "a length": b"HTTP/1.1 404 No Such Key\r\nContent-Length: 3\r\nserver: x\r\n\r\nabc",
    "no content": b"HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 300\r\n\r\n",
    "not modified, with a header for chunks": b"HTTP/1.1 304 Not Modified\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n",
    "a hint before": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    "no length": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
    "the old version": b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end",
}


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_answer_is_forwarded_unchanged(door: RunningDoor, answer: bytes, secure: bool) -> None:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if b"until the end" in answer:
            writer.close()

    door.upstream.reply = reply
    door.to_secure_upstream(secure)
    connection = door.connect(secure=secure)
    connection.sendall(LAST_GET)
    assert read_to_end(connection) == answer


def test_an_answer_to_head_has_no_body(door: RunningDoor) -> None:
    door.upstream.reply = says(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n")
    connection = door.connect()
    for _ in range(2):
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(connection, "HEAD").header("Content-Length") == "3000"
    assert door.upstream.connections == 1


def test_connections_to_localstack_are_reused(door: RunningDoor) -> None:
    for _ in range(5):
        assert door.ask(GET).body == b"ok"
    assert door.upstream.connections == 1


def test_pipelined_requests_are_answered_in_their_order(door: RunningDoor) -> None:
    async def reply(received: Received, writer: asyncio.StreamWriter) -> None:
        length = len(received.target)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + received.target)

    door.upstream.reply = reply
    connection = door.connect()
    targets = [b"/ours", b"/1", b"/2", b"/ours", b"/3", b"/4"]
    connection.sendall(b"".join(GET.replace(b"/ ", target + b" ", 1) for target in targets))
    connection.sendall(LAST_GET)
    answers = read_to_end(connection).split(b"HTTP/1.1 ")[1:]
    assert [answer.rsplit(b"\r\n", 1)[1] for answer in answers] == [
        b"hello",
        b"/1",
        b"/2",
        b"hello",
        b"/3",
        b"/4",
        b"/",
    ]


def test_localstack_sends_100_continue_itself(door: RunningDoor) -> None:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)

    door.upstream.reply = reply
    door.upstream.whole_bodies = False
    connection = door.connect()
    connection.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"abc")
    assert read_answer(connection).body == b"ok"


def test_a_refused_body_is_not_awaited(door: RunningDoor) -> None:
    door.upstream.whole_bodies = False
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    door.upstream.reply = says(refusal)
    connection = door.connect()
    connection.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert read_to_end(connection) == refusal


def test_bodies_stream_both_ways_at_once(door: RunningDoor) -> None:
    """An answer that begins before the request has ended is forwarded immediately."""

    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(OK[:-1])

    door.upstream.whole_bodies = False
    door.upstream.reply = reply
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 6\r\n\r\nabc")
    assert connection.recv(100) == OK[:-1]
    connection.sendall(b"def")
    eventually(lambda: door.upstream.received[0].body == b"abcdef")


# ------------------------------------------------------------------------------- failures


def test_unavailable_localstack_is_503_with_a_reason(door: RunningDoor) -> None:
    door.run(door.upstream.stop())
    connection = door.connect()
    for _ in range(2):
        connection.sendall(POST + b"Content-Length: 3\r\n\r\nabc")
        answer = read_answer(connection)
        assert (answer.status, answer.header("Retry-After")) == (503, "1")
        assert b"LocalStack at 127.0.0.1" in answer.body
    door.run(door.upstream.start())
    connection.sendall(GET)
    assert read_answer(connection).body == b"ok"


async def hang_up(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def test_connection_lost_before_the_answer_is_503(door: RunningDoor) -> None:
    door.upstream.reply = hang_up
    answer = door.ask(POST + b"Content-Length: 3\r\n\r\nabc")
    assert answer.status == 503
    assert b"closed the connection" in answer.body
    assert len(door.upstream.received) == 1


@pytest.mark.parametrize(
    "part", [OK[:-1], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
def test_incomplete_answer_is_recognised_as_incomplete(door: RunningDoor, part: bytes) -> None:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(part)
        await writer.drain()
        writer.close()

    door.upstream.reply = reply
    connection = door.connect()
    connection.sendall(GET)
    try:
        received = read_to_end(connection)
    except ConnectionResetError:
        received = b""
    assert not received.endswith(b"\r\n0\r\n\r\n")
    assert len(received) <= len(part)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding:: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    ],
)
def test_answer_that_is_not_http_is_503(door: RunningDoor, nonsense: bytes) -> None:
    door.upstream.reply = says(nonsense)
    answer = door.ask(GET)
    assert answer.status == 503


def test_unrequested_bytes_reach_no_other_client(door: RunningDoor) -> None:
    door.upstream.reply = says(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray")
    assert door.ask(GET).body == b"ok"
    door.upstream.reply = says(OK)
    assert door.ask(GET).body == b"ok"


def test_closed_idle_connection_fails_no_request(door: RunningDoor) -> None:
    async def answer_then_die_at_the_next(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        door.upstream.reply = die_once

    async def die_once(_: Received, writer: asyncio.StreamWriter) -> None:
        door.upstream.reply = says(OK)
        writer.transport.abort()

    door.upstream.reply = answer_then_die_at_the_next
    assert door.ask(GET).status == 200
    assert door.ask(GET).status == 200
    assert door.upstream.connections == 2
    assert len(door.upstream.received) == 3


def test_request_that_may_have_been_handled_is_not_repeated(door: RunningDoor) -> None:
    assert door.ask(GET).status == 200
    door.upstream.reply = hang_up
    assert door.ask(POST + b"Content-Length: 3\r\n\r\nabc").status == 503
    assert len(door.upstream.received) == 2


def test_client_that_leaves_cancels_its_request(door: RunningDoor) -> None:
    async def never(_: Received, writer: asyncio.StreamWriter) -> None:
        await reader_of(writer).read()

    door.upstream.reply = never
    connection = door.connect()
    connection.sendall(GET)
    eventually(lambda: door.upstream.received)
    connection.close()
    eventually(lambda: door.upstream_connections() == 0)


def test_client_that_leaves_in_its_answer_leaves_no_connection_for_others(
    door: RunningDoor,
) -> None:
    async def begun(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        await reader_of(writer).read()

    door.upstream.reply = begun
    connection = door.connect()
    connection.sendall(GET)
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
    connection.close()
    eventually(lambda: door.upstream_connections() == 0)


def test_client_that_leaves_in_its_body_cancels_its_request(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(POST + b"Content-Length: 9\r\n\r\nabc")
    eventually(lambda: door.upstream.received)
    connection.close()
    eventually(lambda: door.upstream_connections() == 0)
    assert door.upstream.received[0].body == b""


def test_broken_body_cancels_its_request(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    eventually(lambda: door.upstream.received)
    connection.sendall(b"nonsense")
    assert read_answer(connection).status == 400
    eventually(lambda: door.upstream_connections() == 0)


# ---------------------------------------------------------------------- other protocols

UPGRADE = b"GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


async def _echo_frames(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(SWITCH + b"hi")
    while data := await reader_of(writer).read(1000):
        writer.write(data.upper())
    writer.close()


@pytest.mark.parametrize("secure", [False, True])
def test_websocket_is_tunnelled(door: RunningDoor, secure: bool) -> None:
    door.upstream.reply = _echo_frames
    door.to_secure_upstream(secure)
    connection = door.connect(secure=secure)
    connection.sendall(UPGRADE)
    expected = SWITCH + b"hi"
    assert _exactly(connection, len(expected)) == expected
    for word in (b"one", b"GET / HTTP/1.1\r\n\r\n", bytes(100_000)):
        connection.sendall(word)
        assert _exactly(connection, len(word)) == word.upper()
    connection.close()
    eventually(lambda: door.upstream_connections() == 0)
    eventually(lambda: door.connections() == 0)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := connection.recv(size - len(data))):
        data += piece
    return data


def test_an_upgrade_that_localstack_refuses_stays_http(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(GET + UPGRADE + GET.replace(b"/", b"/after", 1) + LAST_GET)
    assert read_to_end(connection) == 4 * OK
    assert [each.target for each in door.upstream.received] == [b"/", b"/socket", b"/after", b"/"]


def test_unsupported_upgrade_stays_http(door: RunningDoor) -> None:
    connection = door.connect()
    connection.sendall(UPGRADE.replace(b"/socket", b"/ours") + LAST_GET)
    assert read_to_end(connection).count(b"HTTP/1.1 200 OK") == 2


def test_http2_with_prior_knowledge_is_tunnelled_to_localstack(door: RunningDoor) -> None:
    """Some AWS clients speak HTTP/2 without an upgrade.

    LocalStack supports it, the front door does not.
    """
    seen = door.in_loop(list)

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readexactly(28))
        writer.write(b"settings")
        writer.close()

    async def start() -> None:
        await door.upstream.stop()
        await asyncio.start_server(note, "127.0.0.1", door.upstream.port)

    door.run(start())
    connection = door.connect()
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxx")
    assert read_to_end(connection) == b"settings"
    assert seen == [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxx"]
