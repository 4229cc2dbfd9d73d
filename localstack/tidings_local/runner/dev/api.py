"""The requests of `make dev` on the runner's socket.

    PUT /dev        {"session", "functions": {name: folder}, "layers": [folder],
                     "preload": [module], "changed": [folder]}
    GET /dev/calls  ?session=...&after=<number>: the calls since then; waits for one
    DELETE /dev     ?session=...

Requests for calls keep the overlay; it ends after `LEASE_SECONDS` without one.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tidings_local.front_door.http import Request, Response
from tidings_local.runner.dev.overlay import Overlay, Sources
from tidings_local.runner.dev.seen_calls import SeenCalls

PATH = "/dev"
CALLS_PATH = "/dev/calls"
PATHS = (PATH, CALLS_PATH)
MAX_SOURCES_BYTES = 2**20
WAIT_SECONDS = 2.0


@dataclass(slots=True)
class DevApi:
    overlay: Overlay
    seen: SeenCalls
    session: str = ""
    """The session of the `make dev` that has the overlay."""

    async def answer(self, request: Request) -> Response:
        """Answer a request to `/dev` or `/dev/calls`."""
        path, _, query = request.target.decode("latin-1").partition("?")
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        if (request.method, path) == ("PUT", PATH):
            return self._lay(json.loads(await request.body.read(MAX_SOURCES_BYTES)))
        if not self.overlay.is_laid or asked.get("session") != self.session:
            return _json(HTTPStatus.NOT_FOUND, {"message": "no such session of make dev"})
        if (request.method, path) == ("GET", CALLS_PATH):
            return await self._calls(int(asked["after"]))
        if (request.method, path) == ("DELETE", PATH):
            self.overlay.lift()
            return _json(HTTPStatus.OK, {})
        return _json(HTTPStatus.METHOD_NOT_ALLOWED, {"message": f"no {request.method} {path}"})

    def _lay(self, told: dict[str, Any]) -> Response:
        if self.overlay.is_laid and told["session"] != self.session:
            return _json(HTTPStatus.CONFLICT, {"message": "another make dev serves this stack"})
        self.session = told["session"]
        functions = {name: Path(folder) for name, folder in told["functions"].items()}
        sources = Sources(functions, tuple(map(Path, told["layers"])), tuple(told["preload"]))
        self.overlay.lay(sources, {Path(folder) for folder in told["changed"]})
        content = {
            "directory": str(self.overlay.directory),
            "layers": [str(each) for each in self.overlay.laid_layers],
            "after": self.seen.last,
        }
        return _json(HTTPStatus.OK, content)

    async def _calls(self, after: int) -> Response:
        self.overlay.renew()
        calls = await self.seen.after(after, WAIT_SECONDS)
        self.overlay.renew()
        return _json(HTTPStatus.OK, {"calls": [dataclasses.asdict(each) for each in calls]})


def _json(status: HTTPStatus, content: dict[str, Any]) -> Response:
    headers = [(b"Content-Type", b"application/json")]
    return Response(status=status, headers=headers, body=json.dumps(content).encode())
