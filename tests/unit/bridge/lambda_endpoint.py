"""An HTTP endpoint that serves the three routes of the Lambda API that the bridge calls."""

import base64
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.ports import reserve

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
BROKER_ARN = "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1"
PAGE_SIZE = 2
INVOKE = re.compile(r"/2015-03-31/functions/(?P<arn>[^/]+)/invocations")
CONFIGURATION = re.compile(r"/2015-03-31/functions/(?P<arn>[^/]+)/configuration")


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"null"
    headers: dict[str, str] = field(default_factory=dict)


SUCCESS = Reply()
FUNCTION_ERROR = Reply(
    headers={"X-Amz-Function-Error": "Unhandled"}, body=b'{"errorType": "KeyError"}'
)
THROTTLED = Reply(
    429, b'{"Type": "User"}', headers={"X-Amzn-ErrorType": "TooManyRequestsException"}
)
BROKEN_GATEWAY = Reply(502, b"<html>bad gateway</html>")


@dataclass(frozen=True)
class Invocation:
    function: str
    payload: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.payload)
        return event

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [item for items in self.event["rmqMessagesByQueue"].values() for item in items]

    @property
    def bodies(self) -> list[str]:
        return [base64.b64decode(message["data"]).decode() for message in self.messages]


class LambdaEndpoint:
    DENIED = 0  # a value for a function's timeout: reading its configuration is denied

    def __init__(self) -> None:
        self.mappings: list[dict[str, Any]] = []
        self.timeouts: dict[str, int] = {}
        self.invocations: list[Invocation] = []
        self._behaviours: dict[str, Callable[[Invocation], Reply]] = {}
        self._server: ThreadingHTTPServer | None = None
        self._reserved = reserve()
        self.port: int = self._reserved.getsockname()[1]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._reserved.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening, and keep the port for the next start."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def running(self) -> bool:
        return self._server is not None

    def map(self, queue: str, function: str, **fields: Any) -> dict[str, Any]:
        entry = {
            "UUID": f"uuid-of-{queue}-{function}",
            "EventSourceArn": BROKER_ARN,
            "FunctionArn": ARN + function,
            "Queues": [queue],
            "State": "Enabled",
            "MaximumBatchingWindowInSeconds": 0,
        } | fields
        self.mappings.append(entry)
        return entry

    def behave(self, function: str, behaviour: Reply | Callable[[Invocation], Reply]) -> None:
        self._behaviours[function] = (
            _always(behaviour) if isinstance(behaviour, Reply) else behaviour
        )

    def of(self, function: str) -> list[Invocation]:
        return [item for item in list(self.invocations) if item.function == function]

    def bodies(self, function: str) -> list[str]:
        return [body for item in self.of(function) for body in item.bodies]

    def invoke(self, function: str, payload: bytes) -> Reply:
        invocation = Invocation(function, payload, time.monotonic())
        self.invocations.append(invocation)
        return self._behaviours.get(function, _always(SUCCESS))(invocation)

    def page(self, marker: int) -> dict[str, Any]:
        page: dict[str, Any] = {
            "EventSourceMappings": self.mappings[marker : marker + PAGE_SIZE],
        }
        if marker + PAGE_SIZE < len(self.mappings):
            page["NextMarker"] = str(marker + PAGE_SIZE)
        return page


def _always(reply: Reply) -> Callable[[Invocation], Reply]:
    return lambda _invocation: reply


def _handler(endpoint: LambdaEndpoint) -> type[BaseHTTPRequestHandler]:
    class LambdaHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # write each answer at once: two small writes take 40 ms
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if match := CONFIGURATION.fullmatch(url.path):
                function = unquote(match["arn"]).removeprefix(ARN)
                self._answer_configuration(endpoint.timeouts.get(function, 30))
            elif url.path.rstrip("/") == "/2015-03-31/event-source-mappings":
                marker = parse_qs(url.query).get("Marker", ["0"])[0]
                self._answer_json(endpoint.page(int(marker)))
            else:
                self._answer(Reply(404, b"{}"))

        def do_POST(self) -> None:
            payload = self.rfile.read(int(self.headers["Content-Length"]))
            match = INVOKE.fullmatch(self.path)
            assert match, self.path
            self._answer(endpoint.invoke(unquote(match["arn"]).removeprefix(ARN), payload))

        def _answer_configuration(self, timeout: int) -> None:
            if timeout == endpoint.DENIED:
                refusal = {"X-Amzn-ErrorType": "AccessDeniedException"}
                self._answer(Reply(403, b"{}", headers=refusal))
            else:
                self._answer_json({"Timeout": timeout})

        def _answer_json(self, document: dict[str, Any]) -> None:
            self._answer(Reply(body=json.dumps(document).encode()))

        def _answer(self, reply: Reply) -> None:
            if not endpoint.running:
                self.close_connection = True  # like a process that died: close without an answer
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return LambdaHandler
