"""The server's HTTP interface."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tidings.platform.context import accept_correlation_id, correlated
from tidings.platform.entry import cors
from tidings.platform.entry.answers import CORRELATION_HEADER, completed, refusal
from tidings.platform.entry.problems import Problem, problem_of
from tidings.platform.errors import InvalidInput
from tidings.platform.timing.clock import now
from tidings_live.events import Closing
from tidings_live.server import LiveServer
from tidings_live.stream import Stream

LAST_ID_HEADER: Final = "Last-Event-ID"
LAST_ID_PARAMETER: Final = "last_id"
ALLOWED: Final = "GET, OPTIONS"


def app_of(server: LiveServer) -> Starlette:
    """Return the ASGI application of a server."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with server.running():
            yield

    async def inbox(request: Request) -> Response:
        if request.method == "HEAD":  # Starlette's addition to each GET
            raise HTTPException(405, headers={"Allow": ALLOWED})
        with correlated(accept_correlation_id(request.headers.get(CORRELATION_HEADER))):
            try:
                stream = await server.open(_authorization(request), _last_id(request))
            except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
                problem = problem_of(error)
                server.metrics.refused.labels(str(problem.status)).inc()
                return _refused(problem, request)
            return StreamResponse(server, stream, _headers({}, request))

    async def preflight(request: Request) -> Response:
        headers = cors.preflight_headers_for(
            request.headers.get("origin"),
            methods=("GET",),
            headers=("Authorization", LAST_ID_HEADER),
        )
        return Response(status_code=204, headers={"Allow": ALLOWED, **headers})

    async def health(_request: Request) -> Response:
        return JSONResponse(server.health())

    async def metrics(_request: Request) -> Response:
        server.measure()
        text = generate_latest(server.metrics.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(
        routes=[
            Route("/live/inbox", preflight, methods=["OPTIONS"]),
            Route("/live/inbox", inbox, methods=["GET"]),
            Route("/health", health),
            Route("/metrics", metrics),
        ],
        exception_handlers={HTTPException: _not_served},
        lifespan=lifespan,
    )


class StreamResponse(EventSourceResponse):
    """The answer that contains a stream."""

    def __init__(self, server: LiveServer, stream: Stream, headers: dict[str, str]) -> None:
        super().__init__(
            _events(stream, server.settings.heartbeat_seconds),
            headers=headers,
            ping=0,  # the stream has its own, which contains its position
            send_timeout=server.settings.send_seconds,
        )
        self._server = server
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = self._stream
        seconds = (stream.expires_at - now()).total_seconds()
        expiry = asyncio.get_running_loop().call_later(seconds, stream.end, Closing.TOKEN_EXPIRED)
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            stream.end(Closing.TOO_SLOW)
        finally:
            expiry.cancel()
            self._server.close(stream)


async def _events(stream: Stream, heartbeat_seconds: float) -> AsyncIterator[bytes]:
    while made := await stream.next(heartbeat_seconds):
        yield made
    yield stream.farewell()


def _authorization(request: Request) -> str | None:
    sent = set(request.headers.getlist("authorization"))
    if len(sent) > 1:
        raise InvalidInput("Send the header Authorization once.", field="Authorization")
    return next(iter(sent), None)


def _last_id(request: Request) -> str | None:
    """Return the position from which the client continues; the header is the newer one."""
    return request.headers.get(LAST_ID_HEADER) or request.query_params.get(LAST_ID_PARAMETER)


def _headers(own: dict[str, str], request: Request) -> dict[str, str]:
    allowed = cors.headers_for(request.headers.get("origin"))
    return completed({**own, **allowed}, request.headers.get("x-forwarded-proto"))


def _refused(problem: Problem, request: Request) -> Response:
    answer: dict[str, Any] = refusal(problem)
    headers = _headers(answer["headers"], request)
    return Response(answer["body"], status_code=answer["statusCode"], headers=headers)


async def _not_served(request: Request, error: Exception) -> Response:
    """Answer a request to another path or with another method."""
    assert isinstance(error, HTTPException)
    code = "NOT_FOUND" if error.status_code == 404 else "BAD_USER_INPUT"
    problem = Problem(error.status_code, code, f"{error.detail}.")
    response = _refused(problem, request)
    response.headers.update(error.headers or {})
    return response
