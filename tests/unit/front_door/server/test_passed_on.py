"""Requests, split at any byte, reach LocalStack unchanged, and its answers reach the client so."""

from dataclasses import dataclass

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.front_door.server.running import RunningDoor, read_to_end
from tests.unit.front_door.server.upstream import says

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FRAMING = {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"}
FRAMING |= {"proxy-connection", "keep-alive", "te", "trailer"}

names = st.text(TOKEN, min_size=1, max_size=12).filter(lambda name: name.lower() not in FRAMING)
visible = st.integers(0x21, 0x7E) | st.integers(0x80, 0xFF)
values = st.lists(visible | st.just(0x20), max_size=30).map(lambda each: bytes(each).strip(b" "))
headers = st.lists(st.tuples(names.map(str.encode), values), max_size=6)
target_characters = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")
targets = st.text(target_characters, max_size=40).map(lambda text: b"/" + text.encode())
bodies = st.lists(st.binary(min_size=1, max_size=300), max_size=5)
settled = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Message:
    first_line: bytes
    headers: list[tuple[bytes, bytes]]
    pieces: list[bytes]
    chunked: bool
    trailers: list[tuple[bytes, bytes]]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def framing(self) -> tuple[bytes, bytes]:
        if self.chunked:
            return (b"Transfer-Encoding", b"chunked")
        return (b"content-LENGTH", b"%d" % len(self.body))

    def on_the_wire(self, *more: tuple[bytes, bytes]) -> bytes:
        head = [b"%b: %b\r\n" % header for header in (*more, self.framing(), *self.headers)]
        return self.first_line + b"\r\n" + b"".join(head) + b"\r\n" + self._framed()

    def _framed(self) -> bytes:
        if not self.chunked:
            return self.body
        chunks = [b"%X\r\n%b\r\n" % (len(piece), piece) for piece in self.pieces]
        trailers = [b"%b: %b\r\n" % trailer for trailer in self.trailers]
        return b"".join(chunks) + b"0\r\n" + b"".join(trailers) + b"\r\n"


def messages(first_lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[Message]:
    return st.builds(Message, first_lines, headers, bodies, st.booleans(), headers)


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
request_lines = st.builds(
    lambda method, target: b"%b %b HTTP/1.1" % (method.encode(), target),
    st.sampled_from(METHODS),
    targets.map(lambda target: b"/t" + target),
)
status_lines = st.builds(
    lambda status, reason: b"HTTP/1.1 %d %b" % (status, reason),
    st.integers(200, 599).filter(lambda status: status not in {204, 304}),
    st.sampled_from([b"OK", b"Quite Fine", b""]),
)


@pytest.mark.parametrize("secure", [False, True])
@settled
@given(
    sent=st.lists(messages(request_lines), min_size=1, max_size=4), cuts=st.lists(st.floats(0, 1))
)
def test_requests_are_forwarded_unchanged(
    door: RunningDoor, secure: bool, sent: list[Message], cuts: list[float]
) -> None:
    door.to_secure_upstream(secure)
    door.upstream.received.clear()
    wire = b"".join(message.on_the_wire((b"Host", b"a")) for message in sent)
    connection = door.connect(secure=secure)
    places = sorted(int(cut * len(wire)) for cut in cuts)
    for start, end in zip([0, *places], [*places, len(wire)], strict=True):
        connection.sendall(wire[start:end])
    connection.sendall(b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    read_to_end(connection)
    received = door.upstream.received[:-1]
    assert len(received) == len(sent)
    for got, message in zip(received, sent, strict=True):
        assert got.method + b" " + got.target + b" HTTP/1.1" == message.first_line
        assert got.headers == [(b"Host", b"a"), message.framing(), *message.headers]
        assert got.body == message.body
        assert got.trailers == (message.trailers if message.chunked else [])


@pytest.mark.parametrize("secure", [False, True])
@settled
@given(sent=messages(status_lines))
def test_answers_are_forwarded_unchanged(door: RunningDoor, secure: bool, sent: Message) -> None:
    door.to_secure_upstream(secure)
    door.upstream.reply = says(sent.on_the_wire())
    connection = door.connect(secure=secure)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    wire = read_to_end(connection)
    assert wire.startswith(sent.first_line + b"\r\n")
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(wire)
    head = parser.next_event()
    assert isinstance(head, h11.Response)
    assert head.headers.raw_items() == [sent.framing(), *sent.headers]
    got = b""
    while not isinstance(event := parser.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        got += event.data
    assert got == sent.body
    assert event.headers.raw_items() == (sent.trailers if sent.chunked else [])
