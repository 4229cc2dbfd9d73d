"""Send the same bytes to LocalStack's own API Gateway and to the front door."""

import asyncio
import base64
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from threading import Thread
from typing import Any, Final

from bootstrap import python_of
from tests.contract.rest_api.api import API, as_the_plugin_tells_it
from tidings_local.front_door.rest_apis import RestApis
from tidings_local.front_door.server import FrontDoor
from tidings_local.lambda_host import Invocation, Outcome

PREFIX: Final = "/_aws/execute-api/tidings/local"
ANSWER_HEADER: Final = "x-answer"
_OLD_WAY: Final = Path(__file__).with_name("old_way.py")
_LIMIT_SECONDS: Final = 60


@dataclass(frozen=True)
class Sent:
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    answer: Any = None
    """The function's result; None: the event, as the body."""

    def as_bytes(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1".encode(), b"Host: localhost:4566"]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in self.headers]
        if self.body:
            lines.append(b"Content-Length: %d" % len(self.body))
        if self.answer is not None:
            answer = self.answer if isinstance(self.answer, bytes) else _json(self.answer)
            lines.append(ANSWER_HEADER.encode() + b": " + base64.b64encode(answer))
        return b"\r\n".join([*lines, b"", self.body])


@dataclass(frozen=True)
class Answered:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def event(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Way:
    port: int

    def send(self, sent: Sent) -> Answered:
        with socket.create_connection(("127.0.0.1", self.port), _LIMIT_SECONDS) as connection:
            connection.sendall(sent.as_bytes())
            response = HTTPResponse(connection, method=sent.method)
            response.begin()
            return Answered(response.status, response.getheaders(), response.read())


@contextmanager
def old_way() -> Iterator[Way]:
    """Start LocalStack's server and API Gateway in a separate process."""
    command = [str(python_of("localstack")), str(_OLD_WAY)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(_json(API))
            process.stdin.close()
            yield Way(int(process.stdout.readline()))
        finally:
            process.kill()


@contextmanager
def new_way() -> Iterator[Way]:
    """Start the front door on an event loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="front-door", daemon=True)
    thread.start()
    apis = RestApis(_function)
    apis.replace([as_the_plugin_tells_it()])

    async def start() -> tuple[FrontDoor, int]:
        door = FrontDoor(apis.answer)
        return door, await door.listen("127.0.0.1", 0)

    door, port = asyncio.run_coroutine_threadsafe(start(), loop).result(_LIMIT_SECONDS)
    try:
        yield Way(port)
    finally:
        asyncio.run_coroutine_threadsafe(door.stop(), loop).result(_LIMIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_LIMIT_SECONDS)
        loop.close()


async def _function(arn: str, invocation: Invocation) -> Outcome:
    """Answer like `call_lambda` of old_way.py."""
    headers = json.loads(invocation.payload)["headers"]
    answer = next((headers[name] for name in headers if name.lower() == ANSWER_HEADER), None)
    if answer is None:
        payload = _json({"statusCode": 200, "body": invocation.payload.decode()})
    else:
        payload = base64.b64decode(answer)
    return Outcome(request_id="r", payload=payload, is_error=False, logs="")


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
