"""Heads and chunks as bytes. All values were parsed by llhttp or made by us."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from tidings_local.front_door.http import Headers, Request, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
OURS_TO_SET = {b"content-length", b"transfer-encoding", b"connection", b"keep-alive"}
BODYLESS = {204, 304}


class UnsafeHeaderError(Exception):
    """A header of an answer contains a line break."""


@dataclass(slots=True, kw_only=True)
class Refusal:
    """An error answer of the front door itself."""

    status: int
    message: str
    headers: Headers
    """Headers in addition to those of every answer."""

    def response(self) -> Response:
        body = json.dumps({"message": self.message}).encode()
        return Response(
            status=self.status,
            headers=[(b"Content-Type", b"application/json"), *self.headers],
            body=body,
        )


def answer(response: Response, *, to: str, version: str, keep: bool, date: bytes) -> bytes:
    """Return the answer's bytes.

    Args:
        response: its own headers of length and connection are ignored.
        to: the request's method. A HEAD request gets no body.
        version: the client's.
        keep: whether the connection stays open.
        date: the Date header's value.

    Raises:
        UnsafeHeaderError: a header has a line break.
    """
    lines = [b"HTTP/1.1 %d %b" % (response.status, REASONS.get(response.status, b"Unknown"))]
    dated = False
    for name, value in response.headers:
        lowered = name.lower()
        if lowered in OURS_TO_SET:
            continue
        if lowered == b"date":
            dated = True
        lines.append(b"%b: %b" % (name, value))
    if not dated:
        lines.append(b"Date: " + date)
    if response.status not in BODYLESS:
        lines.append(b"Content-Length: %d" % len(response.body))
    if not keep:
        lines.append(b"Connection: close")
    elif version == "1.0":
        lines.append(b"Connection: keep-alive")
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise UnsafeHeaderError
    if to == "HEAD" or response.status in BODYLESS:
        return head + b"\r\n\r\n"
    return head + b"\r\n\r\n" + response.body


def request_head(request: Request) -> bytes:
    return head(
        b"%b %b HTTP/%b" % (request.method.encode(), request.target, request.version.encode()),
        request.headers,
    )


def head(first_line: bytes, headers: Headers) -> bytes:
    lines = [b"%b: %b\r\n" % header for header in headers]
    return b"%b\r\n%b\r\n" % (first_line, b"".join(lines))


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def last_chunk(trailers: Headers) -> bytes:
    return head(b"0", trailers)


def codings(headers: Headers) -> list[bytes]:
    """Return the values of Transfer-Encoding in lower case."""
    return [value.lower() for name, value in headers if name.lower() == b"transfer-encoding"]
