"""The responses of an endpoint: its own, those of its decorator, and API Gateway's."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from tidings.platform.entry.answers import CORRELATION_HEADER
from tidings.platform.entry.http import EndpointContract
from tidings.platform.errors import TidingsError
from tidings.platform.inputs.files import FileBody
from tidings.platform.security.quotas import POLICY_HEADER, STATE_HEADER

Schema = dict[str, Any]

JSON: Final = "application/json"

CODES: Final = (
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "RATE_LIMITED",
    "INTERNAL",
)
MEANINGS: Final[Mapping[int, str]] = {
    400: "The request is malformed; `error.details` names the place.",
    401: "The access token is missing or not valid.",
    403: "The caller is not allowed to do this.",
    404: "The resource does not exist, or the caller may not know of it.",
    409: "The request conflicts with the current state.",
    413: "The body is larger than the limit.",
    415: "The media type of the body is not accepted.",
    422: "The request is well formed, but a business rule refuses it.",
    429: "Too many requests; see Retry-After.",
    500: "Something went wrong on our side.",
    502: "API Gateway: the function did not answer.",
    503: "A required service does not answer; see Retry-After.",
    504: "API Gateway: the function took too long.",
}
# API Gateway also returns these itself, in its own form.
ALSO_FROM_API_GATEWAY: Final = {400, 413, 429, 500, 503}
ONLY_FROM_API_GATEWAY: Final = {502, 504}
RETRIED: Final = {429, 503}

PAGE_META: Final[Schema] = {
    "type": "object",
    "description": "The position of a page in a list.",
    "properties": {
        "total": {
            "type": "integer",
            "minimum": 0,
            "description": "the number of items in the whole list, counted up to 10,000",
        },
        "total_is_at_least": {
            "type": "boolean",
            "description": "whether the list has more items than `total`",
        },
        "limit": {"type": "integer", "minimum": 1},
        "page": {"type": "integer", "minimum": 1},
        "total_pages": {"type": "integer", "minimum": 0},
        "has_next": {"type": "boolean"},
        "has_previous": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"], "description": "the next page's `after`"},
    },
    "required": [
        "total", "total_is_at_least", "limit", "page", "total_pages", "has_next", "has_previous",
        "next_cursor",
    ],
    "additionalProperties": False,
}  # fmt: skip
ERROR: Final[Schema] = {
    "type": "object",
    "description": "An error.",
    "properties": {
        "code": {"type": "string", "enum": list(CODES)},
        "message": {"type": "string", "description": "a sentence for people"},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["code", "message", "details"],
    "additionalProperties": False,
}


def envelope(success: bool, data: Schema, error: Schema, meta: Schema) -> Schema:
    """Return the schema of the envelope that contains every response."""
    properties = {
        "success": {"const": success},
        "data": data,
        "message": {"type": "string"},
        "error": error,
        "meta": meta,
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def shared_schemas() -> dict[str, Schema]:
    """Return the components without a model."""
    error = {"$ref": "#/components/schemas/Error"}
    return {
        "PageMeta": PAGE_META,
        "Error": ERROR,
        "Refusal": envelope(False, {"type": "null"}, error, {"type": "null"})
        | {"description": "A refusal and its reason."},
        "GatewayRefusal": {
            "type": "object",
            "description": "API Gateway's own response; no function was called.",
            "properties": {"message": {"type": ["string", "null"]}},
            "required": ["message"],
        },
    }


def answers(contract: EndpointContract, path: str, data: Schema) -> dict[str, Any]:
    """Return the responses of an endpoint by status; `data` is the schema of its result."""
    of_page = data.get("type") == "array" and contract.query is not None
    meta = {"$ref": "#/components/schemas/PageMeta"} if of_page else {"type": "null"}
    success = envelope(True, data, {"type": "null"}, meta)
    if contract.media_type != JSON and contract.operation is None:
        return _documents(contract, path)
    found = {str(status): refusal(status) for status in statuses(contract, path)}
    if contract.media_type != JSON:  # its refusals are in the envelope all the same
        text = answer(contract.status, [])
        text["content"] = {contract.media_type: {"schema": {"type": "string"}}}
        return dict(sorted((found | {str(contract.status): text}).items()))
    found[str(contract.status)] = answer(contract.status, [success])
    for status in contract.also_status:
        found[str(status)] = answer(status, [success, *_refusals(status)])
    return dict(sorted(found.items()))


def _documents(contract: EndpointContract, path: str) -> dict[str, Any]:
    """Return the responses of an endpoint with another media type than JSON."""
    found = {str(status): refusal(status) for status in statuses(contract, path)}
    found[str(contract.status)] = answer(contract.status, [])
    text = {"schema": {"type": "string"}}
    for status, response in found.items():
        gateways = {JSON: {"schema": _refusals(int(status))[-1]}} if int(status) >= 400 else {}
        by_gateway = int(status) in ALSO_FROM_API_GATEWAY | ONLY_FROM_API_GATEWAY
        kind = contract.media_type
        if int(status) != contract.status:
            kind = contract.refusal_media_type or kind
        ours = {} if int(status) in ONLY_FROM_API_GATEWAY else {kind: text}
        response["content"] = ours | (gateways if by_gateway else {})
    return dict(sorted(found.items()))


def statuses(contract: EndpointContract, path: str) -> set[int]:
    """Return every status with which an endpoint may refuse."""
    found = {429, 500, 503} | ONLY_FROM_API_GATEWAY
    if contract.reads_token:
        found.add(401)
    found |= {each.status for each in contract.refusals}
    if contract.body or contract.query or contract.headers:
        found.add(400)
    if contract.body:
        found |= {413, 415}
    if contract.query and "after" in contract.query.model_fields:
        found.add(422)
    if any(_has_times(model) for model in (contract.body, contract.query)):
        found.add(422)
    if contract.role is not None:  # at least some callers may not call it
        found.add(403)
    if "{" in path:
        found.add(404)
    return found


def _has_times(model: type[BaseModel] | None) -> bool:
    """Return whether an input contains times: a rule refuses those that are out of range."""
    if model is None or issubclass(model, FileBody):
        return False
    return '"date-time"' in json.dumps(model.model_json_schema())


def media_types_of(body: type[BaseModel]) -> tuple[str, ...]:
    """Return the media types of a file body; none if the body is JSON."""
    kinds: tuple[str, ...] = getattr(body, "media_types", ())
    return kinds


def refusal(status: int) -> dict[str, Any]:
    """Return the response for a refusal by the endpoint or by API Gateway."""
    return answer(status, _refusals(status))


def _refusals(status: int) -> list[Schema]:
    ours = {"$ref": "#/components/schemas/Refusal"}
    gateways = {"$ref": "#/components/schemas/GatewayRefusal"}
    if status in ONLY_FROM_API_GATEWAY:
        return [gateways]
    return [ours, gateways] if status in ALSO_FROM_API_GATEWAY else [ours]


def answer(status: int, schemas: list[Schema]) -> dict[str, Any]:
    """Return a response of this status with one of these schemas."""
    schema: Schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    headers = {CORRELATION_HEADER: {"$ref": "#/components/headers/CorrelationId"}}
    if status in RETRIED:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    if status < 300 or status == 429:
        # All have them; to repeat them for each refusal would make the document much longer.
        headers[STATE_HEADER] = {"$ref": "#/components/headers/RateLimit"}
        headers[POLICY_HEADER] = {"$ref": "#/components/headers/RateLimitPolicy"}
    return {
        "description": MEANINGS.get(status, HTTPStatus(status).phrase),
        "headers": headers,
        "content": {JSON: {"schema": schema}},
    }


def codes_in_use() -> set[str]:
    """Return the codes of all errors."""
    return {each.code for each in _subclasses(TidingsError)}


def _subclasses(of: type[TidingsError]) -> list[type[TidingsError]]:
    return [of, *(each for sub in of.__subclasses__() for each in _subclasses(sub))]
