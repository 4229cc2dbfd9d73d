"""Randomly changed requests and answers: the front door refuses or serves them, and stays up."""

import asyncio
import contextlib
import logging
import re
import socket

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.front_door.server.running import RunningDoor, read_to_end
from tests.unit.front_door.server.upstream import OK, Received, says

REQUESTS = [
    b"GET /ours?a=b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /theirs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT /theirs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
    b"GET /theirs HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"POST /ours HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
]
PARTS = [
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b";", b",", b"0", b"\0", b"\xff", b"chunked"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
    *(b"Host: b\r\n", b"GET / HTTP/1.1\r\n", b"HTTP/1.0", b"ffffffffffffffff", b"-1", b"+"),
]


ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 404 Not Found\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
]
settled = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def changed(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    data = b"".join(draw(st.lists(st.sampled_from(seeds), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        removed = draw(st.integers(0, 4))
        added = draw(st.sampled_from(PARTS) | st.binary(max_size=3))
        data = data[:place] + added + data[place + removed :]
    return b"X" + data if data[:1] == b"\x16" else data


@pytest.mark.parametrize("secure", [False, True])
@settled
@given(data=changed(REQUESTS))
def test_any_request_bytes_are_handled(
    door: RunningDoor, caplog: pytest.LogCaptureFixture, secure: bool, data: bytes
) -> None:
    door.to_secure_upstream(secure)
    door.upstream.errors.clear()
    connection = door.connect(secure=secure)
    with contextlib.suppress(OSError):
        connection.sendall(data)
        if not secure:
            connection.shutdown(socket.SHUT_WR)
        connection.settimeout(0.05 if secure else 20)
        read_to_end(connection)
    connection.close()
    # A request that the front door accepts is also accepted, and read the same, by another parser.
    assert door.in_loop(lambda: list(door.upstream.errors)) == []
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []
    answer = door.ask(REQUESTS[0], secure=secure)
    assert (answer.status, answer.body) == (200, b"hello")


@settled
@given(data=changed(ANSWERS))
def test_any_answer_bytes_are_handled(
    door: RunningDoor, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.close()

    door.upstream.reply = reply
    connection = door.connect()
    connection.sendall(b"GET /theirs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    _read_as_http(connection)
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []
    door.upstream.reply = says(OK)
    assert door.ask(b"GET /theirs HTTP/1.1\r\nHost: a\r\n\r\n").body == b"ok"


def _read_as_http(connection: socket.socket) -> None:
    """Read the answer to its end.

    Raises:
        h11.RemoteProtocolError: it is neither an answer nor the beginning of one.
    """
    try:
        wire = read_to_end(connection)
    except ConnectionResetError:
        return
    # llhttp accepts any byte in the reason phrase, h11 does not. Clients ignore the phrase.
    wire = re.sub(rb"^(HTTP/\S+ \d+)[^\r\n]*", rb"\1", wire, flags=re.MULTILINE)
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(wire)
    while not isinstance(event := parser.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            return
    assert parser.trailing_data[0] == b""
