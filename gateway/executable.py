"""From schema.graphql to an executable schema: names, enums, resolvers, permissions."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, wraps
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)
from graphql.execution.values import get_directive_values
from resolvers import MUTATIONS, NESTED, QUERIES
from resolvers.binding import Resolver
from resolvers.caller import Info

from tidings.platform.auth import Role, require

SCHEMA_FILE: Final = Path(__file__).with_name("schema.graphql")
ROOTS: Final[Mapping[str, Mapping[str, Resolver]]] = {"Query": QUERIES, "Mutation": MUTATIONS}


@cache
def executable_schema() -> GraphQLSchema:
    """Return the schema with everything bound to it."""
    schema = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType):
            _bind_fields(schema, kind)
        elif isinstance(kind, GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                field.out_name = snake_case(field_name)
        elif isinstance(kind, GraphQLEnumType):
            _bind_enum(kind)
        elif isinstance(kind, GraphQLScalarType) and name == "DateTime":
            kind.coerce_output_value = _serialize_time
    return schema


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def camel_case(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _bind_fields(schema: GraphQLSchema, kind: GraphQLObjectType) -> None:
    root, nested = ROOTS.get(kind.name), NESTED.get(kind.name, {})
    for name, field in kind.fields.items():
        for argument_name, argument in field.args.items():
            argument.out_name = snake_case(argument_name)
        resolve = root[name] if root else nested.get(name) or _attribute(snake_case(name))
        field.resolve = _permitted(schema, field, resolve)


def _attribute(name: str) -> Callable[[Any, Info], Any]:
    get = attrgetter(name)
    return lambda source, _info: get(source)


def _permitted(schema: GraphQLSchema, field: GraphQLField, resolve: Resolver) -> Resolver:
    directive = schema.get_directive("requires")
    assert directive is not None
    assert field.ast_node is not None
    values = get_directive_values(directive, field.ast_node)
    if values is None:
        return resolve
    role, services = Role(values["role"].lower()), values["services"]

    @wraps(resolve)
    def guarded(source: Any, info: Info, **arguments: Any) -> Any:
        require(info.context.principal, role, services=services)
        return resolve(source, info, **arguments)

    return guarded


def _bind_enum(kind: GraphQLEnumType) -> None:
    """Let CUSTOMER stand for the domain's value `customer`."""
    for name, value in kind.values.items():
        value.value = name.lower()


def _serialize_time(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
