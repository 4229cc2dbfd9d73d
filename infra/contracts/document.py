"""The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1): routes and their contracts."""

from typing import Any, Final, Literal

from pydantic import BaseModel, TypeAdapter

from infra.contracts.answers import (
    Schema,
    answer,
    answers,
    media_types_of,
    refusal,
    shared_schemas,
)
from infra.contracts.examples import EXAMPLES
from infra.contracts.template import Route, rest_routes
from tidings.platform.entry.http import EndpointContract
from tidings.platform.entry.requests import PATH_PATTERNS
from tidings.platform.inputs.ids import DOCUMENT_ID_PATTERN

REFERENCE: Final = "#/components/schemas/{model}"
SUMMARY: Final = """\
Every response has one envelope: `success`, `data`, `message`, `error`, `meta`. Sign in at
`POST /api/v1/login` and send the access token as `Authorization: Bearer <token>`. The same
operations are served as GraphQL at `/graphql`."""

Mode = Literal["validation", "serialization"]
# Tags that differ from the domain: clients generate code by tag, so a renamed domain keeps its own.
TAGS: Final = {"monitoring": "operations"}
# Endpoints without a contract, and the schemas of their responses.
PLAIN: Final[dict[str, Schema]] = {
    "get_jwks": {
        "type": "object",
        "description": "A JWK Set (RFC 7517).",
        "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
        "required": ["keys"],
    },
    "get_openapi": {
        "type": "object",
        "description": "This document.",
        "required": ["openapi", "info", "paths"],
    },
}


def document() -> dict[str, Any]:
    """Return the whole document."""
    routes = rest_routes()
    schemas, components = _schemas(routes)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tidings", "version": "1.0.0", "description": SUMMARY},
        "servers": [{"url": "../..", "description": "the origin of this document"}],
        "tags": [{"name": name} for name in sorted({tag_of(route) for route in routes})],
        "paths": paths,
        "components": {
            "schemas": dict(sorted((components | shared_schemas()).items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "headers": _headers(),
        },
    }


def _schemas(routes: list[Route]) -> tuple[dict[tuple[Any, Mode], Schema], dict[str, Schema]]:
    """Return the schema of each body and each result, and the models that they refer to."""
    contracts = [each for route in routes if (each := contract_of(route))]
    wanted: dict[tuple[Any, Mode], TypeAdapter[Any]] = {}
    for contract in contracts:
        wanted[repr(contract.returns), "serialization"] = TypeAdapter(contract.returns)
        if contract.body and not media_types_of(contract.body):
            wanted[repr(contract.body), "validation"] = TypeAdapter(contract.body)
    inputs = [(key, mode, adapter) for (key, mode), adapter in wanted.items()]
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE)
    _close_names([found, definitions])
    components: dict[str, Schema] = definitions.get("$defs", {})
    return found, components


def tag_of(route: Route) -> str:
    """Return the tag of an endpoint: its domain, under the name that clients know."""
    return TAGS.get(route.domain, route.domain)


def contract_of(route: Route) -> EndpointContract | None:
    contract: EndpointContract | None = getattr(route.handler, "contract", None)
    return contract


def _operation(route: Route, schemas: dict[tuple[Any, Mode], Schema]) -> dict[str, Any]:
    named = {
        "operationId": route.name if route.path.startswith("/api/") else f"{route.name}_at_root",
        "summary": route.summary,
        "description": route.description,
        "tags": [tag_of(route)],
    }
    contract = contract_of(route)
    if contract is None:
        responses = {str(status): refusal(status) for status in (429, 500, 502, 503, 504)}
        return named | {
            "security": [],
            "responses": {"200": answer(200, [PLAIN[route.name]])} | responses,
        }
    data = schemas[repr(contract.returns), "serialization"]
    operation: dict[str, Any] = named | {
        "security": [] if contract.role is None else [{"bearer": []}],
        "parameters": _parameters(contract, route.path),
        "responses": answers(contract, route.path, data),
    }
    if contract.role:
        operation["x-least-role"] = contract.role.value
        operation["x-services"] = contract.services
    if contract.body:
        operation["requestBody"] = _request_body(contract.body, schemas)
    return operation


def _request_body(
    model: type[BaseModel], schemas: dict[tuple[Any, Mode], Schema]
) -> dict[str, Any]:
    if kinds := media_types_of(model):
        content = {kind: {"schema": {"type": "string"}} for kind in kinds}
        return {"required": True, "content": content}
    body: dict[str, Any] = {"schema": schemas[repr(model), "validation"]}
    if model.__name__ in EXAMPLES:
        body["example"] = EXAMPLES[model.__name__]
    required = any(each.is_required() for each in model.model_fields.values())
    return {"required": required, "content": {"application/json": body}}


def _close_names(schema: Any) -> None:
    """Refuse names that do not match a pattern; pydantic's schema allows them."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            _close_names(each)
    elif isinstance(schema, list):
        for each in schema:
            _close_names(each)


def _parameters(contract: EndpointContract, path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": PATH_PATTERNS.get(name, DOCUMENT_ID_PATTERN)},
        }
        for name in names
    ]
    for place, model in (("query", contract.query), ("header", contract.headers)):
        found += _fields(place, model) if model else []
    return found


def _fields(place: str, model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return a parameter for each field of a model."""
    schema = model.model_json_schema(ref_template=REFERENCE)
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": place,
            "required": name in schema.get("required", ()),
            "description": field.pop("description", ""),
            "schema": _without_null(field, definitions),
        }
        for name, field in schema["properties"].items()
    ]


def _without_null(field: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a parameter, without null: a parameter can only be absent."""
    kinds = [each for each in field.pop("anyOf", []) if each != {"type": "null"}]
    if field.get("default", ...) is None:
        del field["default"]
    if len(kinds) == 1:
        field |= kinds[0]
    elif kinds:
        field["anyOf"] = kinds
    reference = field.pop("$ref", None)
    if reference:
        field = {**definitions[reference.rpartition("/")[2]], **field}
    field.pop("title", None)
    return field


def _headers() -> dict[str, Any]:
    return {
        "CorrelationId": {
            "description": "The id that connects the logs and messages of this request; the "
            "caller's own `X-Correlation-Id` where it sent one.",
            "schema": {"type": "string"},
        },
        "RetryAfter": {"description": "Seconds.", "schema": {"type": "string"}},
        "RateLimit": {
            "description": "The caller's calls that are left, and the seconds until all are "
            "(draft-ietf-httpapi-ratelimit-headers-10); missing if the call was not counted.",
            "schema": {"type": "string"},
            "example": '"customer";r=5999;t=60',
        },
        "RateLimitPolicy": {
            "description": "The limit: calls, and the seconds in which they may be made.",
            "schema": {"type": "string"},
            "example": '"customer";q=6000;w=60',
        },
    }
