"""The table "Every operation" in docs/api.md: the field, the route and the rights of each."""

from pathlib import Path
from typing import Final, NamedTuple

from executable import SCHEMA_FILE, operation_of_field
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from pydantic import BaseModel

from infra.contracts.answers import media_types_of
from infra.contracts.document import contract_of
from infra.contracts.table_in_page import page_with
from infra.contracts.template import Route, rest_routes
from tidings.platform.entry.http import EndpointContract
from tidings.platform.operation import OPERATIONS, Operation, Whose

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docs/api.md"
START: Final = "<!-- `make contracts` writes this table from the operations. -->\n"

HEAD: Final = "| GraphQL | REST | allowed for |\n|---|---|---|\n"
# Routes that serve no operation.
OTHER_ROWS: Final = (
    ("", "`GET /api/v1/unsubscribe/{token}`, a page", "anyone with the link"),
    ("", "`POST /api/v1/unsubscribe/{token}`, by the page or RFC 8058", "anyone with the link"),
    ("", "`GET /api/v1/stock-notices/{token}`, a page", "anyone with the link"),
    ("", "`POST /api/v1/stock-notices/{token}`, by the page", "anyone with the link"),
    ("", "`GET /api/v1/opens/{token}`, a picture in mails", "anyone with the address"),
    ("", "`GET /api/v1/clicks/{link}`, the links in mails", "anyone with the link"),
    ("", "`GET /.well-known/jwks.json`, `GET /api/v1/.well-known/jwks.json`", "anyone"),
    ("", "`GET /api/v1/openapi.json`", "anyone"),
    ("", "`GET /metrics` (Prometheus)", "anyone if it is open, otherwise with the metrics token"),
    ("", "`POST /graphql`, `GET /graphql`", "anyone; each field as in its row"),
)
WHOSE: Final = {
    Whose.ANYONES: "",
    Whose.OWN: " (own data)",
    Whose.OWN_OR_OPERATOR: " (own data), operator",
    Whose.OWN_OR_ADMIN: " (own data), admin",
}


class Field(NamedTuple):
    """A field of Query or Mutation."""

    root: str
    name: str
    field: GraphQLField


def page_with_table() -> str:
    """Return the text of docs/api.md with the table that follows from the operations.

    Raises:
        ValueError: the page does not have the two comments around the table.
    """
    return page_with(table(), FILE, START)


def table() -> str:
    """Return the table with one row for each operation, by domain and path."""
    schema = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))
    routes, fields = _routes(), _fields(schema)
    operations = sorted(
        OPERATIONS.values(), key=lambda each: (each.domain, _path(routes, each), each.name)
    )
    rows = [
        (_graphql(fields.get(each.name, [])), _rest(each, routes, fields), allowed_for(each))
        for each in operations
        if each.name in routes or each.name in fields
    ]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in (*rows, *OTHER_ROWS))


def allowed_for(operation: Operation) -> str:
    """Return the callers of an operation, and its further condition."""
    allowed = operation.role.value + WHOSE[operation.whose] if operation.role else "anyone"
    services = ", service" if operation.services else ""
    note = f"; {operation.note}" if operation.note else ""
    return f"{allowed}{services}{note}"


def _routes() -> dict[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for route in rest_routes():
        contract = contract_of(route)
        if contract and contract.operation:
            found.setdefault(contract.operation.name, []).append(route)
    return found


def _path(routes: dict[str, list[Route]], operation: Operation) -> str:
    """Return the path by which rows are sorted; operations without a route come last."""
    return routes[operation.name][0].path if operation.name in routes else "~"


def _fields(schema: GraphQLSchema) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for root in (schema.query_type, schema.mutation_type):
        assert root is not None
        for name, field in root.fields.items():
            operation = operation_of_field(root.name, name)
            found.setdefault(operation.name, []).append(Field(root.name, name, field))
    return found


def _graphql(fields: list[Field]) -> str:
    return ", ".join(f"`{name}{_arguments(field)}`" for _, name, field in fields)


def _arguments(field: GraphQLField) -> str:
    known: set[str] = set()
    arguments = [f"{name}{_inputs(each.type, known)}" for name, each in field.args.items()]
    return f"({', '.join(arguments)})" if arguments else ""


def _inputs(kind: GraphQLInputType, known: set[str]) -> str:
    """Return the fields of an input, such as `: {amount, currency}`; none for other types.

    An input that is already in `known` is shortened to `: {...}`.
    """
    named = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType):
        return ""
    if named.name in known:
        return ": {...}"
    known.add(named.name)
    fields = ", ".join(f"{name}{_inputs(each.type, known)}" for name, each in named.fields.items())
    return f": [{{{fields}}}]" if is_list_type(get_nullable_type(kind)) else f": {{{fields}}}"


def _rest(
    operation: Operation, routes: dict[str, list[Route]], fields: dict[str, list[Field]]
) -> str:
    found = routes.get(operation.name, [])
    if not found:
        return ""
    contract = contract_of(found[0])
    assert contract is not None
    named = ", ".join(
        f"`{each.method} {_named(each.path, operation)}{_query(contract)}`" for each in found
    )
    further = _headers(contract)
    if contract.body and operation.name not in fields:
        further.append(_body(contract.body))
    return ", ".join([named, *further])


def _named(path: str, operation: Operation) -> str:
    """Return a path with the parameter's own name; API Gateway may require `id` there."""
    taken = [each for each in operation.parameters if each.name != "caller" and not each.model]
    return path.replace("{id}", f"{{{taken[0].name}}}") if taken else path


def _query(contract: EndpointContract) -> str:
    return "?" + "&".join(f"{name}=" for name in _names(contract.query)) if contract.query else ""


def _headers(contract: EndpointContract) -> list[str]:
    return [f"header `{name}`" for name in _names(contract.headers)] if contract.headers else []


def _body(model: type[BaseModel]) -> str:
    """Return the media types or the fields of a body, for operations without a GraphQL field."""
    if kinds := media_types_of(model):
        return f"body {' or '.join(f'`{kind}`' for kind in kinds)}"
    return f"body `{{{', '.join(_names(model))}}}`"


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
