"""Build the event that API Gateway's REST API sends to a function, payload format 1.0."""

import base64
import os
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

import orjson

from tidings_local.front_door.addresses import Address
from tidings_local.front_door.gateway_responses import Scope
from tidings_local.front_door.http import Request
from tidings_local.front_door.matching import Parameters
from tidings_local.front_door.query import MultiValues, last_values, multi_values
from tidings_local.front_door.request_headers import ReceivedHeaders
from tidings_local.front_door.stages import Method, Stage

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_ANONYMOUS: Final = dict.fromkeys(
    (
        "accountId",
        "accessKey",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)


@dataclass(slots=True)
class Call:
    """A request to a stage, with the values that API Gateway adds."""

    request: Request
    address: Address
    stage: Stage
    headers: ReceivedHeaders
    query: MultiValues
    parameters: Parameters
    request_id: str
    extended_id: str
    context: dict[str, Any]

    @classmethod
    def of(cls, request: Request, address: Address, stage: Stage) -> "Call":
        headers = ReceivedHeaders(request, stage.api_id)
        request_id = str(uuid.uuid4())
        extended_id = base64.b64encode(os.urandom(11)).decode()
        context = _context(request, address, stage, headers)
        context["requestId"] = request_id
        context["extendedRequestId"] = extended_id
        query = multi_values(address.query) if address.query else {}
        return cls(request, address, stage, headers, query, {}, request_id, extended_id, context)

    def scope(self) -> Scope:
        return Scope(
            context=self.context,
            stage_variables=self.stage.variables or {},
            headers=self.headers.last_values(),
            query=last_values(self.query),
            path=self.parameters,
        )


def event_of(call: Call, method: Method, body: bytes) -> bytes:
    """Return the event as JSON."""
    text, is_base64 = _text(call, body)
    context = call.context
    context["resourceId"] = method.resource_id
    context["resourcePath"] = method.resource_path
    return orjson.dumps(
        {
            "resource": method.resource_path,
            "path": _path(call.address.path),
            "httpMethod": call.request.method,
            "headers": call.headers.last_values(),
            "multiValueHeaders": call.headers.multi,
            "queryStringParameters": last_values(call.query) or None,
            "multiValueQueryStringParameters": call.query or None,
            "pathParameters": call.parameters or None,
            "stageVariables": call.stage.variables,
            "requestContext": context,
            "body": text,
            "isBase64Encoded": is_base64,
        }
    )


def _text(call: Call, body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    if call.stage.binary.include(call.headers.first(b"content-type")):
        return base64.b64encode(body).decode(), True
    return body.decode("utf-8", "replace"), False


def _path(raw: str) -> str:
    """Return the path with exactly one leading slash."""
    return "/" + raw.lstrip("/") if not raw or raw.startswith("//") else raw


def _context(
    request: Request, address: Address, stage: Stage, headers: ReceivedHeaders
) -> dict[str, Any]:
    now = time.time()
    host = headers.first(b"host") or ""
    return {
        "accountId": stage.account_id,
        "apiId": stage.api_id,
        "deploymentId": stage.deployment_id,
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "httpMethod": request.method,
        "identity": {
            **_ANONYMOUS,
            "sourceIp": request.client,
            "userAgent": headers.user_agent,
        },
        "path": f"/{stage.name}{address.path}",
        "protocol": f"HTTP/{request.version}",
        "requestTime": _written(now),
        "requestTimeEpoch": int(now * 1000),
        "stage": stage.name,
    }


def _written(now: float) -> str:
    """Format a time without strftime, whose month names depend on the locale."""
    year, month, day, hour, minute, second, *_ = time.gmtime(now)
    name = _MONTHS[3 * month - 3 : 3 * month]
    return f"{day:02}/{name}/{year}:{hour:02}:{minute:02}:{second:02} +0000"
