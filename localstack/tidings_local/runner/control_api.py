"""The runner's API on its Unix socket: calls, deployment, health, metrics."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tidings_local.front_door.http import Request, Response
from tidings_local.runner import lambda_answers as answers
from tidings_local.runner.client import UNTIL_HEADER
from tidings_local.runner.deployment import Deployment, OutOfStepError
from tidings_local.runner.dev.api import PATHS as DEV_PATHS
from tidings_local.runner.dev.api import DevApi
from tidings_local.runner.forms import CHANGES_PATH, SNAPSHOT_PATH, Change, Snapshot
from tidings_local.runner.invoke_api import PATH as INVOKE_PATH
from tidings_local.runner.invoke_api import InvokeApi
from tidings_local.runner.records.prometheus import RunnerMetrics

logger = logging.getLogger(__name__)

MAX_TOLD_BYTES = 64 * 2**20

Told = TypeVar("Told", Change, Snapshot)


@dataclass(frozen=True, slots=True)
class ControlApi:
    deployment: Deployment
    invoke_api: InvokeApi
    metrics: RunnerMetrics
    dev: DevApi

    async def answer(self, request: Request) -> Response:
        """Answer a request from the socket."""
        path, _, query = request.target.decode("latin-1").partition("?")
        match request.method, path:
            case "GET", "/health":
                return self._health()
            case "GET", "/metrics":
                return self._metrics()
            case _, path if path in DEV_PATHS:
                return await self.dev.answer(request)
            case _, path if path in (CHANGES_PATH, SNAPSHOT_PATH) and _has_expired(request):
                return _json(HTTPStatus.GONE, {"message": "the sender has stopped waiting"})
            case "POST", path if path == CHANGES_PATH:
                return self._change(await request.body.read(MAX_TOLD_BYTES))
            case "PUT", path if path == SNAPSHOT_PATH:
                return self._replace(await request.body.read(MAX_TOLD_BYTES))
            case "POST", path if match := INVOKE_PATH.fullmatch(path):
                if self.deployment.known is None:
                    return answers.unavailable("LocalStack has not sent the deployment yet")
                return await self.invoke_api.answer(match[1], query, request)
        return _json(HTTPStatus.NOT_FOUND, {"message": f"nothing at {request.method} {path}"})

    async def answer_status(self, request: Request) -> Response:
        """Answer a request from the port for metrics: nothing there changes or calls anything."""
        match request.method, request.target.decode("latin-1"):
            case "GET", "/health":
                return self._health()
            case "GET", "/metrics":
                return self._metrics()
        return _json(HTTPStatus.NOT_FOUND, {"message": "/health or /metrics"})

    def _health(self) -> Response:
        known = self.deployment.known
        if known is None:
            return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "starting"})
        functions = len(self.deployment.registry.functions)
        return _json(HTTPStatus.OK, {"status": "ok", "functions": functions})

    def _metrics(self) -> Response:
        self.metrics.knows(len(self.deployment.registry.functions))
        headers = [(b"Content-Type", CONTENT_TYPE_LATEST.encode())]
        body = generate_latest(self.metrics.registry)
        return Response(status=HTTPStatus.OK, headers=headers, body=body)

    def _change(self, body: bytes) -> Response:
        return _taken(body, Change, self.deployment.change)

    def _replace(self, body: bytes) -> Response:
        return _taken(body, Snapshot, self.deployment.replace)


def _taken(body: bytes, form: type[Told], take: Callable[[Told], None]) -> Response:
    """Answer whether a change was accepted, or the reason for which the deployment fails."""
    try:
        told = form(**orjson.loads(body))
        take(told)
    except OutOfStepError:
        return _json(HTTPStatus.CONFLICT, {"message": "tell everything"})
    except Exception as error:
        logger.exception("the deployment was refused: the old one stays")
        return _json(HTTPStatus.INTERNAL_SERVER_ERROR, {"message": repr(error)})
    return _json(HTTPStatus.OK, {"number": told.number})


def _has_expired(request: Request) -> bool:
    """Return whether the sender has reported a failure already, because this process hung."""
    name = UNTIL_HEADER.lower().encode()
    until = next((value for each, value in request.headers if each.lower() == name), None)
    return until is not None and time.monotonic() > float(until)


def _json(status: HTTPStatus, content: dict[str, Any]) -> Response:
    headers = [(b"Content-Type", b"application/json")]
    return Response(status=status, headers=headers, body=json.dumps(content).encode())
