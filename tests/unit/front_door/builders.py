"""Builders of requests, and of REST API stages in the form that LocalStack's plugin sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

from tidings_local.front_door.deployed import (
    IntegrationDocument,
    MethodDocument,
    ResourceDocument,
    StageDocument,
)
from tidings_local.front_door.http import BodyTooLargeError, Headers, Request, Response
from tidings_local.front_door.rest_apis import Invoke, RestApis
from tidings_local.lambda_host import Invocation, Outcome

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:tidings-gateway"
HOST = (b"Host", b"localhost:4566")
PREFIX = "/_aws/execute-api/tidings/local"


class BodyOf:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, limit_bytes: int) -> bytes:
        if len(self._content) > limit_bytes:
            raise BodyTooLargeError
        return self._content

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._content


def a_request(
    target: str = f"{PREFIX}/graphql",
    method: str = "GET",
    *,
    headers: Headers | None = None,
    body: bytes = b"",
    secure: bool = True,
) -> Request:
    return Request(
        method=method,
        target=target.encode(),
        headers=[HOST, *(headers or [])],
        version="1.1",
        client="192.0.2.7",
        secure=secure,
        body=BodyOf(body),
    )


def uri_of(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def an_integration(**changed: Any) -> IntegrationDocument:
    integration: IntegrationDocument = {
        "type": "AWS_PROXY",
        "uri": uri_of(FUNCTION),
        "http_method": "POST",
        "timeout_ms": None,
        "credentials": None,
        "content_handling": None,
        "request_parameters": {},
    }
    integration.update(cast(Any, changed))
    return integration


def a_method(http_method: str = "GET", **changed: Any) -> MethodDocument:
    method: MethodDocument = {
        "http_method": http_method,
        "authorization_type": "NONE",
        "api_key_required": False,
        "request_validator_id": None,
        "integration": an_integration(),
    }
    method.update(cast(Any, changed))
    return method


def a_resource(path: str = "/graphql", *methods: MethodDocument) -> ResourceDocument:
    return {"id": f"id of {path}", "path": path, "methods": list(methods or [a_method("ANY")])}


def a_stage(*resources: ResourceDocument, **changed: Any) -> StageDocument:
    stage: StageDocument = {
        "api_id": "tidings",
        "stage": "local",
        "account_id": "000000000000",
        "region": "us-east-1",
        "deployment_id": "d1",
        "variables": {},
        "binary_media_types": [],
        "gateway_responses": {},
        "resources": list(resources or [a_resource()]),
    }
    stage.update(cast(Any, changed))
    return stage


class Function:
    """Replaces every function and records its invocations."""

    def __init__(self, answer: Any = None, *, is_error: bool = False) -> None:
        self.payload = json.dumps({"statusCode": 200} if answer is None else answer).encode()
        self.is_error = is_error
        self.called: list[tuple[str, Invocation]] = []

    async def __call__(self, arn: str, invocation: Invocation) -> Outcome:
        self.called.append((arn, invocation))
        return Outcome(request_id="r", payload=self.payload, is_error=self.is_error, logs="")

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.called[-1][1].payload)
        return event


def answered(
    request: Request, *stages: StageDocument, invoke: Invoke | None = None
) -> Response | None:
    """Return the answer of a front door on which these stages are deployed."""

    async def answer() -> Response | None:
        apis = RestApis(invoke or Function())
        apis.replace(list(stages or [a_stage()]))
        coming = apis.answer(request)
        return None if coming is None else await coming

    return asyncio.run(answer())


def event_for(request: Request, *stages: StageDocument) -> dict[str, Any]:
    function = Function()
    answered(request, *stages, invoke=function)
    return function.event


def headers_of(response: Response | None) -> dict[str, str]:
    """Return the headers by lower-case name; of repeated ones the last."""
    assert response is not None
    return {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}


def message_of(response: Response | None) -> tuple[int, Any]:
    assert response is not None
    return response.status, json.loads(response.body)
