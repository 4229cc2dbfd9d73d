"""What an endpoint may answer: its own statuses, the frame's, and API Gateway's."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from tidings.platform.errors import TidingsError
from tidings.platform.files import FileBody
from tidings.platform.http import CORRELATION_HEADER, EndpointContract

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
    400: "The request is malformed; `error.details` says where.",
    401: "No token, or one that does not hold.",
    403: "Known, and not allowed.",
    404: "There is no such thing, or none that the caller may know of.",
    409: "It collides with what is there already.",
    413: "The body is larger than is read.",
    415: "The body is of a kind that is not read here.",
    422: "The request is well formed, and the shop's rules refuse it.",
    429: "Too many requests; see Retry-After.",
    500: "Something went wrong on our side.",
    502: "API Gateway: the function did not answer.",
    503: "A service that is needed does not answer; see Retry-After.",
    504: "API Gateway: the function took too long.",
}
# API Gateway answers these itself, too, and in its own form.
ALSO_FROM_API_GATEWAY: Final = {400, 413, 429, 500, 503}
ONLY_FROM_API_GATEWAY: Final = {502, 504}
RETRIED: Final = {429, 503}

PAGE_META: Final[Schema] = {
    "type": "object",
    "description": "Where a page of a list stands.",
    "properties": {
        "total": {"type": "integer", "minimum": 0},
        "limit": {"type": "integer", "minimum": 1},
        "page": {"type": "integer", "minimum": 1},
        "total_pages": {"type": "integer", "minimum": 0},
        "has_next": {"type": "boolean"},
        "has_previous": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"], "description": "the next page's `after`"},
    },
    "required": [
        "total", "limit", "page", "total_pages", "has_next", "has_previous", "next_cursor",
    ],
    "additionalProperties": False,
}  # fmt: skip
ERROR: Final[Schema] = {
    "type": "object",
    "description": "What went wrong.",
    "properties": {
        "code": {"type": "string", "enum": list(CODES)},
        "message": {"type": "string", "description": "a sentence for the person who reads it"},
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
    """Return the schema of the envelope that every answer of ours is in."""
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
    """Return the components that no model stands for."""
    error = {"$ref": "#/components/schemas/Error"}
    return {
        "PageMeta": PAGE_META,
        "Error": ERROR,
        "Refusal": envelope(False, {"type": "null"}, error, {"type": "null"})
        | {"description": "An answer that says no, and why."},
        "GatewayRefusal": {
            "type": "object",
            "description": "API Gateway's own answer, which did not reach a function.",
            "properties": {"message": {"type": ["string", "null"]}},
            "required": ["message"],
        },
    }


def answers(contract: EndpointContract, path: str, data: Schema) -> dict[str, Any]:
    """Return the responses of an endpoint by status; `data` is the schema of what it returns."""
    of_page = data.get("type") == "array" and contract.query is not None
    meta = {"$ref": "#/components/schemas/PageMeta"} if of_page else {"type": "null"}
    success = envelope(True, data, {"type": "null"}, meta)
    if contract.media_type != JSON:
        return _documents(contract, path)
    found = {str(status): refusal(status) for status in statuses(contract, path)}
    found[str(contract.status)] = answer(contract.status, [success])
    for status in contract.also_status:
        found[str(status)] = answer(status, [success, *_refusals(status)])
    return dict(sorted(found.items()))


def _documents(contract: EndpointContract, path: str) -> dict[str, Any]:
    """Return the responses of an endpoint that answers with a document of another kind."""
    found = {str(status): refusal(status) for status in statuses(contract, path)}
    found[str(contract.status)] = answer(contract.status, [])
    document = {contract.media_type: {"schema": {"type": "string"}}}
    for status, response in found.items():
        gateways = {JSON: {"schema": _refusals(int(status))[-1]}} if int(status) >= 400 else {}
        by_gateway = int(status) in ALSO_FROM_API_GATEWAY | ONLY_FROM_API_GATEWAY
        ours = {} if int(status) in ONLY_FROM_API_GATEWAY else document
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
        found |= {413, 415} if media_types_of(contract.body) else {413}
    if contract.query and "after" in contract.query.model_fields:
        found.add(422)
    if any(_has_times(model) for model in (contract.body, contract.query)):
        found.add(422)
    if contract.role is not None:  # services, at least, may not
        found.add(403)
    if "{" in path:
        found.add(404)
    return found


def _has_times(model: type[BaseModel] | None) -> bool:
    """Say whether there are times in an input: one beyond the calendar is refused by a rule."""
    if model is None or issubclass(model, FileBody):
        return False
    return '"date-time"' in json.dumps(model.model_json_schema())


def media_types_of(body: type[BaseModel]) -> tuple[str, ...]:
    """Return the kinds of files that a body may be; none where it is JSON."""
    kinds: tuple[str, ...] = getattr(body, "media_types", ())
    return kinds


def refusal(status: int) -> dict[str, Any]:
    """Return the response with which an endpoint, or API Gateway before it, says no."""
    return answer(status, _refusals(status))


def _refusals(status: int) -> list[Schema]:
    ours = {"$ref": "#/components/schemas/Refusal"}
    gateways = {"$ref": "#/components/schemas/GatewayRefusal"}
    if status in ONLY_FROM_API_GATEWAY:
        return [gateways]
    return [ours, gateways] if status in ALSO_FROM_API_GATEWAY else [ours]


def answer(status: int, schemas: list[Schema]) -> dict[str, Any]:
    """Return a response of this status in one of these forms."""
    schema: Schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    headers = {CORRELATION_HEADER: {"$ref": "#/components/headers/CorrelationId"}}
    if status in RETRIED:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    return {
        "description": MEANINGS.get(status, HTTPStatus(status).phrase),
        "headers": headers,
        "content": {JSON: {"schema": schema}},
    }


def codes_in_use() -> set[str]:
    """Return the code of every refusal that there is."""
    return {each.code for each in _subclasses(TidingsError)}


def _subclasses(of: type[TidingsError]) -> list[type[TidingsError]]:
    return [of, *(each for sub in of.__subclasses__() for each in _subclasses(sub))]
