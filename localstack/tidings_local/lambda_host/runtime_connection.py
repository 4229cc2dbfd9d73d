"""The HTTP side of the Runtime API: the requests of `awslambdaric` and their answers."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import struct
import termios
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from tidings_local.lambda_host.faults import RESPONSE_LIMIT_BYTES
from tidings_local.lambda_host.signals import Answered, InitFailed

if TYPE_CHECKING:
    from tidings_local.lambda_host.runtime_api import RuntimeApi

logger = logging.getLogger(__name__)

_ROOT = b"/2018-06-01/runtime/"
_NEXT = _ROOT + b"invocation/next"
_INVOCATION = _ROOT + b"invocation/"
_INIT_ERROR = _ROOT + b"init/error"
_ANSWERS = {b"response": False, b"error": True}
_INT = struct.Struct("i")
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "InvalidRequestID",
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "RequestEntityTooLarge",
}


class RuntimeConnection(asyncio.Protocol):
    """One connection of a runtime. The parser calls its methods `on_...`."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._unread_event = False
        self._ended = False
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._api.connected(self)

    def data_received(self, data: bytes) -> None:
        self._unread_event = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            logger.exception("Runtime API: a request cannot be read; its connection is closed")
            self.hang_up()

    def eof_received(self) -> None:
        # A runtime that had already ended when we wrote acknowledged none of these bytes.
        ours = self._transport.get_extra_info("socket")
        self._end(lost_bytes=_unacknowledged_bytes(ours.fileno()) > 0)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(lost_bytes=error is not None)

    def hang_up(self) -> None:
        self._end(lost_bytes=False)
        self._transport.abort()

    def deliver(self, headers: Mapping[str, str | None], payload: bytes) -> None:
        """Answer the request for the next event."""
        self._unread_event = True
        self._transport.write(_response(HTTPStatus.OK, headers, payload))

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._body = []
        self._body_bytes = 0

    def on_url(self, part: bytes) -> None:
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if b"expect" in self._headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Keep a body within AWS's limit; read a larger one to its end and discard it."""
        self._body_bytes += len(part)
        if self._body_bytes > RESPONSE_LIMIT_BYTES:
            self._body.clear()
        else:
            self._body.append(part)

    def on_message_complete(self) -> None:
        if self._url == _NEXT:
            self._api.next_event(self)
        elif self._url.startswith(_INVOCATION):
            request_id, _, kind = self._url[len(_INVOCATION) :].partition(b"/")
            self._answered(request_id.decode("latin-1"), kind)
        elif self._url == _INIT_ERROR:
            self._init_failed()
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _end(self, *, lost_bytes: bool) -> None:
        """Accept no event from now on: the loop reports a lost connection one turn later."""
        if not self._ended:
            self._ended = True
            self._api.disconnected(self, unread=self._unread_event and lost_bytes)

    def _answered(self, request_id: str, kind: bytes) -> None:
        if kind not in _ANSWERS:
            return self._refuse(HTTPStatus.NOT_FOUND)
        if not self._api.awaits(request_id):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        too_large = self._body_bytes > RESPONSE_LIMIT_BYTES
        if too_large:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._transport.write(_ACCEPTED)
        answer = Answered(request_id, b"".join(self._body), _ANSWERS[kind], too_large)
        self._body = []
        self._api.answered(answer)
        return None

    def _init_failed(self) -> None:
        kind = self._headers.get(b"lambda-runtime-function-error-type", b"Runtime.Unknown")
        self._transport.write(_ACCEPTED)
        body = b"".join(self._body) or b"{}"
        self._api.init_failed(InitFailed(kind.decode("latin-1"), body))

    def _refuse(self, status: HTTPStatus) -> None:
        content = {"errorType": _REFUSALS[status], "errorMessage": status.phrase}
        self._transport.write(_json_response(status, content))


def _unacknowledged_bytes(connection: int) -> int:
    """Return how much the process has not read, or 0 if the system does not tell it (macOS)."""
    try:
        answer = fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(_INT.size))
    except OSError:
        return 0
    return int(_INT.unpack(answer)[0])


def _json_response(status: HTTPStatus, content: dict[str, str]) -> bytes:
    return _response(status, {"Content-Type": "application/json"}, json.dumps(content).encode())


def _response(status: HTTPStatus, headers: Mapping[str, str | None], body: bytes) -> bytes:
    """Return head and body together, because two small writes take 40 ms (delayed ACK)."""
    lines = "\r\n".join(
        f"{name}: {_one_line(value)}" for name, value in headers.items() if value is not None
    )
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _one_line(value: str) -> str:
    """Return JSON on one line, because a client context may have line breaks."""
    return value.replace("\r", " ").replace("\n", " ")


_ACCEPTED = _json_response(HTTPStatus.ACCEPTED, {"status": "OK"})
