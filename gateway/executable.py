"""Build the executable schema from schema.graphql: bind names, enums, resolvers and permissions."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial, wraps
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import money
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)
from graphql.execution.values import get_directive_values
from resolvers import ARGUMENTS, EXPECTED, MUTATIONS, NESTED, QUERIES
from resolvers.binding import Resolver, resolver_of
from resolvers.caller import Info
from resolvers.connection import Connection
from resolvers.places import at_first_use, operation_named

from tidings.platform.errors import Forbidden
from tidings.platform.observability import metrics
from tidings.platform.operation import Operation
from tidings.platform.security.auth import Role, require

SCHEMA_FILE: Final = Path(__file__).with_name("schema.graphql")
MAPS: Final = frozenset({"JSONObject", "StringMap"})
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
        elif isinstance(kind, GraphQLScalarType) and name == money.SCALAR:
            money.bind_minor_units(kind)
    return schema


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def camel_case(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def path_in_schema(path: str) -> str:
    """Return the path of a domain's field with the schema's names; keys of maps stay as sent."""
    names: list[str] = []
    for name in path.split("."):
        in_map = not _maps().isdisjoint(names)
        names.append(name if in_map else camel_case(name))
    return ".".join(names)


@cache
def _maps() -> frozenset[str]:
    """Return the names of inputs whose keys are the client's own."""
    kinds = executable_schema().type_map.values()
    inputs = [each for each in kinds if isinstance(each, GraphQLInputObjectType)]
    return frozenset(
        name
        for each in inputs
        for name, field in each.fields.items()
        if get_named_type(field.type).name in MAPS
    )


def _bind_fields(schema: GraphQLSchema, kind: GraphQLObjectType) -> None:
    resolvers, is_root = NESTED.get(kind.name, {}), kind.name in ROOTS
    for name, field in kind.fields.items():
        for argument_name, argument in field.args.items():
            argument.out_name = snake_case(argument_name)
        if is_root:
            resolve = _expecting(
                at_first_use(partial(root_resolver, kind.name, name, field)), field
            )
        elif name in resolvers:
            resolve = at_first_use(partial(resolvers.__getitem__, name))
        else:
            resolve = _attribute(snake_case(name))
        permitted = _permitted(
            schema,
            field,
            resolve,
            partial(operation_of_field, kind.name, name) if is_root else None,
        )
        field.resolve = _counted(name, permitted) if is_root else permitted


def root_resolver(root: str, name: str, field: GraphQLField) -> Resolver:
    """Return the resolver of a field of Query or Mutation: its own, or its operation's."""
    own = ROOTS[root].get(name)
    if own is not None:
        return own
    names = [snake_case(each) for each in field.args]
    return resolver_of(operation_of_field(root, name), names, ARGUMENTS.get(name))


def operation_of_field(root: str, name: str) -> Operation:
    """Return the operation that a field of Query or Mutation calls.

    Raises:
        KeyError: the field has no resolver, and no operation has its name.
    """
    own = ROOTS[root].get(name)
    if own is None:
        return operation_named(snake_case(name))
    declared: Operation = own.operation  # type: ignore[attr-defined]
    return declared


def _expecting(resolve: Resolver, field: GraphQLField) -> Resolver:
    """Note the keys that the nested fields of a root field's result may need."""
    of_type = get_named_type(field.type).name.removesuffix("Connection")
    has_nested = of_type in EXPECTED

    def resolve_root(source: Any, info: Info, **arguments: Any) -> Any:
        result = resolve(source, info, **arguments)
        found = result.nodes if isinstance(result, Connection) else [result]
        info.context.loaders.expect(**(EXPECTED[of_type](found) if has_nested else {}))
        return result

    return resolve_root


def _counted(name: str, resolve: Resolver) -> Resolver:
    """Count the calls of a root field by outcome."""
    labels = {each: {"field": name, "outcome": each} for each in ("ok", "refused", "error")}

    def counted(source: Any, info: Info, **arguments: Any) -> Any:
        outcome = "error"
        try:
            result = resolve(source, info, **arguments)
            outcome = "ok"
            return result
        except Exception as error:
            outcome = metrics.outcome_of(error)
            raise
        finally:
            metrics.count(metrics.GRAPHQL_FIELDS, labels[outcome])

    return counted


def _attribute(name: str) -> Callable[[Any, Info], Any]:
    get = attrgetter(name)
    return lambda source, _info: get(source)


def _permitted(
    schema: GraphQLSchema,
    field: GraphQLField,
    resolve: Resolver,
    operation: Callable[[], Operation] | None,
) -> Resolver:
    """Return a resolver that checks the role first, and records its refusals."""
    directive = schema.get_directive("requires")
    assert directive is not None
    assert field.ast_node is not None
    values = get_directive_values(directive, field.ast_node)
    if values is None:
        return resolve
    role, services = Role(values["role"].lower()), values["services"]

    @wraps(resolve)
    def guarded(source: Any, info: Info, **arguments: Any) -> Any:
        try:
            require(info.context.principal, role, services=services)
        except Forbidden:
            if operation is not None:
                operation().check(info.context.principal)
            raise
        return resolve(source, info, **arguments)

    return guarded


def _bind_enum(kind: GraphQLEnumType) -> None:
    """Map enum names such as CUSTOMER to the domain's values such as `customer`."""
    for name, value in kind.values.items():
        value.value = name.lower()


def _serialize_time(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
