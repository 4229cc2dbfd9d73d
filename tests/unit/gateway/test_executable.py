from contextlib import nullcontext
from datetime import UTC, datetime
from typing import get_args

import pytest
from executable import (
    _counted,
    _serialize_time,
    camel_case,
    executable_schema,
    path_in_schema,
    snake_case,
)
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, assert_valid_schema
from hypothesis import given
from hypothesis import strategies as st

from tidings.orders.states import Actor, OrderState
from tidings.platform.errors import NotFound
from tidings.platform.observability import metrics
from tidings.platform.security.auth import PersonRole


@pytest.mark.parametrize(
    ("camel", "snake"),
    [("id", "id"), ("createdAt", "created_at"), ("hasNextPage", "has_next_page"), ("me", "me")],
)
def test_names_are_converted_in_both_directions(camel: str, snake: str) -> None:
    assert snake_case(camel) == snake
    assert camel_case(snake) == camel


@given(st.from_regex(r"[a-z]+([A-Z][a-z]+)*", fullmatch=True))
def test_converted_names_are_converted_back(name: str) -> None:
    assert camel_case(snake_case(name)) == name


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("items.0.product_id", "items.0.productId"),
        ("variables.order_id", "variables.order_id"),
        ("sample_variables.order_id", "sampleVariables.order_id"),
        ("attributes.ink_colour", "attributes.ink_colour"),
        ("", ""),
    ],
)
def test_paths_have_the_names_of_the_schema_and_of_clients_maps(path: str, shown: str) -> None:
    assert path_in_schema(path) == shown


@pytest.mark.parametrize(
    ("error", "outcome"), [(None, "ok"), (NotFound("no"), "refused"), (ValueError(), "error")]
)
def test_root_fields_are_counted_by_outcome(
    error: Exception | None, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(metrics, "count", lambda name, labels: counted.append((name, labels)))

    def resolve(_source: object, _info: object) -> str:
        if error is not None:
            raise error
        return "found"

    with nullcontext() if error is None else pytest.raises(type(error)):
        assert _counted("getOrder", resolve)(None, None) == "found"
    assert counted == [(metrics.GRAPHQL_FIELDS, {"field": "getOrder", "outcome": outcome})]


def test_schema_is_valid() -> None:
    assert_valid_schema(executable_schema())


def test_schema_is_made_once() -> None:
    assert executable_schema() is executable_schema()


def test_arguments_and_input_reach_the_domain_in_its_own_names() -> None:
    schema = executable_schema()
    assert schema.query_type is not None
    arguments = schema.query_type.fields["getUserNotifications"].args
    assert {arg.out_name for arg in arguments.values()} == {
        "user_id",
        "unread_only",
        "kind",
        "category",
        "archived",
        "first",
        "after",
    }
    item = schema.type_map["PlaceOrderItemInput"]
    assert isinstance(item, GraphQLInputObjectType)
    assert item.fields["productId"].out_name == "product_id"


def test_enums_have_the_domains_values() -> None:
    for name, values in (
        ("Role", get_args(PersonRole)),
        ("OrderState", OrderState),
        ("OrderActor", Actor),
    ):
        enum = executable_schema().type_map[name]
        assert isinstance(enum, GraphQLEnumType)
        assert {value.value for value in enum.values.values()} == {each.value for each in values}


def test_every_field_has_a_resolver() -> None:
    for name, kind in executable_schema().type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            assert all(field.resolve is not None for field in kind.fields.values()), name


def test_time_is_in_utc_with_milliseconds() -> None:
    time = datetime(2026, 11, 20, 9, 15, 0, 1000, tzinfo=UTC)
    assert _serialize_time(time) == "2026-11-20T09:15:00.001Z"
