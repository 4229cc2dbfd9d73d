"""A running front door, and a client for it."""

import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.unit.front_door.server.looping import Run
from tests.unit.front_door.server.upstream import UpstreamServer
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.limits import Limits
from tidings_local.front_door.server import FrontDoor

OURS = b"/ours"
Handler = Callable[[Request], Awaitable[Response]]


async def hello(_: Request) -> Response:
    return Response(status=200, headers=[(b"X-Of", b"door")], body=b"hello")


@dataclass(slots=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class RunningDoor:
    """Answers paths below /ours with `handler`, and forwards all others to the upstream server."""

    def __init__(
        self,
        run: Run,
        tls: ssl.SSLContext,
        certificate: Path,
    ) -> None:
        self.run = run
        self.tls = tls
        self.certificate = certificate
        self.upstream = UpstreamServer()
        self.live = UpstreamServer()
        """The server of the live inbox."""
        self.handler: Handler = hello
        self.port = 0
        self._secure_upstream = False
        self._sockets: list[socket.socket] = []

    def start(self, limits: Limits | None = None) -> None:
        self.run(self._start(limits))

    async def _start(self, limits: Limits | None) -> None:
        await self.upstream.start()
        await self.live.start()
        upstream, live = (("127.0.0.1", each.port) for each in (self.upstream, self.live))
        self.door = FrontDoor(self._answer, upstream, live=live, limits=limits)
        self.port = await self.door.listen("127.0.0.1", 0, self.tls)

    def restart(self, **limits: Any) -> None:
        """Restart the front door with other limits."""
        self.end()
        self.start(Limits(**limits))

    def to_secure_upstream(self, secure: bool) -> None:
        """Switch the upstream server to TLS or back; LocalStack serves both on one port."""
        if secure != self._secure_upstream:
            self._secure_upstream = secure
            self.run(self.upstream.stop())
            self.run(self.upstream.start(self.tls if secure else None))

    def end(self) -> None:
        for each in self._sockets:
            each.close()
        self.run(self.door.stop(grace_seconds=0))
        self.run(self.upstream.stop())
        self.run(self.live.stop())

    def _answer(self, request: Request) -> Awaitable[Response] | None:
        return self.handler(request) if request.target.startswith(OURS) else None

    # ----------------------------------------------------------------------- the client

    def connect(self, *, secure: bool = False) -> socket.socket:
        connection = socket.socket()
        # Linux would otherwise buffer up to 32 MB for a client that does not read.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", self.port))
        if secure:
            context = ssl.create_default_context(cafile=self.certificate)
            connection = context.wrap_socket(connection, server_hostname="localhost")
        self._sockets.append(connection)
        return connection

    def ask(self, request: bytes, *, secure: bool = False, method: str = "GET") -> Answer:
        """Send these bytes on a new connection, and return the answer."""
        connection = self.connect(secure=secure)
        connection.sendall(request)
        return read_answer(connection, method)

    def connections(self) -> int:
        """Return the number of open client connections."""
        return int(self.in_loop(lambda: len(self.door.connections)))

    def upstream_connections(self) -> int:
        return int(self.in_loop(lambda: len(self.upstream.open)))

    def in_loop(self, call: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return call()

        return self.run(run())


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Read one answer; bytes after it may be lost."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    return Answer(response.status, response.getheaders(), response.read())


def read_to_end(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)
