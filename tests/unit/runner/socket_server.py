"""A server on a Unix socket with answers set by a test; it records its requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from tests.host_thread import LoopThread
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.server import FrontDoor

LIMIT_BYTES = 2**26


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@dataclass
class SocketServer:
    path: Path
    answers: list[Response] = field(default_factory=list)
    """The next answers; the last one is repeated."""
    asked: list[Asked] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        headers = {name.decode().lower(): value.decode() for name, value in request.headers}
        body = await request.body.read(LIMIT_BYTES)
        self.asked.append(Asked(request.method, request.target.decode(), headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Response(status=answer.status, headers=[*answer.headers], body=answer.body)

    @property
    def changes(self) -> list[tuple[str, str, Any]]:
        """Return the recorded changes without their numbers."""
        told = [asked.content for asked in self.asked if asked.target == "/deployed/changes"]
        return [(each["kind"], each["key"], each["value"]) for each in told]


@contextmanager
def serving(path: Path, *answers: Response) -> Iterator[SocketServer]:
    """Run a server on the socket."""
    server = SocketServer(path, list(answers) or [Response(status=200, body=b"{}")])
    loop = LoopThread(uvloop.new_event_loop)

    async def open_door() -> FrontDoor:
        door = FrontDoor(server.answer)
        await door.listen_unix(path)
        return door

    door = loop.run(open_door())
    try:
        yield server
    finally:
        loop.run(door.stop(1))
        loop.close()
