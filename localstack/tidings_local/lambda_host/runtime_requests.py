"""HTTP side of the Runtime API: what `awslambdaric` asks, and how it is answered."""

from __future__ import annotations

import json
import re
import select
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast

from tidings_local.lambda_host.faults import RESPONSE_LIMIT_BYTES
from tidings_local.lambda_host.signals import Answered, InitFailed, Ready

if TYPE_CHECKING:
    from tidings_local.lambda_host.runtime_api import Offer, RuntimeApi

_ROOT = "/2018-06-01/runtime"
_ANSWER = re.compile(rf"{_ROOT}/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")
_READ_BYTES = 1 << 16
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "InvalidRequestID",
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.LENGTH_REQUIRED: "LengthRequired",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "RequestEntityTooLarge",
}


class RuntimeRequests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body must leave in one write: two small ones cost 40 ms (delayed ACK).
    wbufsize = _READ_BYTES

    def __init__(self, connection: socket.socket, api: RuntimeApi) -> None:
        self._api = api
        super().__init__(connection, connection.getpeername(), cast("socket.socket", None))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path != f"{_ROOT}/invocation/next":
            return self._refuse(HTTPStatus.NOT_FOUND)
        self._api.signal(Ready())
        offer = self._api.next_offer()
        if offer is None or self._peer_is_gone():
            self.close_connection = True
        else:
            self._deliver(offer)
        return None

    def do_POST(self) -> None:
        if "Content-Length" not in self.headers:
            self.close_connection = True
            return self._refuse(HTTPStatus.LENGTH_REQUIRED)
        body = self._body()
        if self.path == f"{_ROOT}/init/error":
            return self._init_failed(body)
        if answer := _ANSWER.fullmatch(self.path):
            return self._answered(answer["request_id"], answer["kind"] == "error", body)
        return self._refuse(HTTPStatus.NOT_FOUND)

    def handle_expect_100(self) -> bool:
        going_on = super().handle_expect_100()
        self.wfile.flush()  # it is buffered here, and the client waits for it
        return going_on

    def log_message(self, *args: object) -> None:
        """Each call is in the function's log already."""

    def _deliver(self, offer: Offer) -> None:
        invocation = offer.invocation
        headers = {
            "Content-Type": invocation.content_type,
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(offer.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.invoked_arn or offer.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
            "Lambda-Runtime-Client-Context": invocation.client_context,
        }
        self._api.delivered.set()
        self._reply(HTTPStatus.OK, invocation.payload, headers)

    def _init_failed(self, body: bytes | None) -> None:
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type", "Runtime.Unknown")
        self._api.signal(InitFailed(error_type, body or b"{}"))
        self._reply_status(HTTPStatus.ACCEPTED, {"status": "OK"})

    def _answered(self, request_id: str, is_error: bool, body: bytes | None) -> None:
        answer = Answered(request_id, body or b"", is_error, too_large=body is None)
        if not self._api.accept_answer(answer):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        if answer.too_large:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self._reply_status(HTTPStatus.ACCEPTED, {"status": "OK"})

    def _body(self) -> bytes | None:
        """None if it is larger than AWS takes: read to its end all the same, and dropped."""
        length = int(self.headers["Content-Length"])
        if length <= RESPONSE_LIMIT_BYTES:
            return self.rfile.read(length)
        while length > 0 and (chunk := self.rfile.read(min(length, _READ_BYTES))):
            length -= len(chunk)
        return None

    def _peer_is_gone(self) -> bool:
        poll = select.poll()  # not select(): a host has more than 1024 open files soon
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(0)) and not self.connection.recv(1, socket.MSG_PEEK)

    def _refuse(self, status: HTTPStatus) -> None:
        kind = _REFUSALS[status]
        self._reply_status(status, {"errorType": kind, "errorMessage": status.phrase})

    def _reply_status(self, status: HTTPStatus, content: dict[str, str]) -> None:
        self._reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _reply(self, status: HTTPStatus, body: bytes, headers: dict[str, str | None]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
