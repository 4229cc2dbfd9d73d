"""Tests of the cost of an operation, and of the limits that no request may exceed."""

from typing import Any

import pytest
from cost import CHANGE_COST, MAX_COST, MESSAGE_COST, CostEstimate
from executable import executable_schema
from execution import GraphQLRequest, RequestRefused, format_error, run
from graphql import OperationDefinitionNode, get_operation_ast, parse
from limits import MAX_ALIASES, MAX_DIRECTIVES, MAX_VARIABLES_CHARACTERS
from resolvers.caller import GatewayContext

SEND_MANY = "mutation {{ sendNotifications(input: {{notifications: {}}}) {{ accepted }} }}"
LOGIN = 'login(input: {email: "a@example.com", password: "x"}) { expiresIn }'


def cost(query: str, **variables: Any) -> int:
    document = parse(query)
    operation = get_operation_ast(document)
    assert isinstance(operation, OperationDefinitionNode)
    return CostEstimate(executable_schema(), document, operation, variables).total()


def codes_of(query: str, **variables: Any) -> set[str]:
    request = GraphQLRequest.model_validate({"query": query, "variables": variables})
    with pytest.raises(RequestRefused) as refused:
        run(request, GatewayContext(None), read_only=False)
    return {format_error(error)["extensions"]["code"] for error in refused.value.errors}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ("{ __schema { types { fields { name } } } }", 0),
        ("{ me { id name } }", 1),
        ("{ me { id orders { totalCount } } }", 2),
        ("{ me { orders { nodes { id } } } }", 2 + 20),
        ("{ me { orders(first: 5) { nodes { id } } } }", 2 + 5),
        ("{ me { orders(first: 5) { edges { cursor node { id } } } } }", 2 + 5 * 2),
        ("{ me { orders(first: 5) { nodes { items { sku } } } } }", 2 + 5 * (1 + 10)),
        ("{ a: me { id } b: me { id } }", 2),
        ("{ me { ...F ...F } } fragment F on User { orders(first: 3) { nodes { id } } }", 1 + 8),
        ("{ me { ... on User { orders(first: 3) { nodes { id } } } } }", 1 + 4),
        (f"mutation {{ a: {LOGIN} b: {LOGIN} }}", 2 * (CHANGE_COST + 1)),
        (SEND_MANY.format("[{}, {}]"), CHANGE_COST + 2 * MESSAGE_COST + 1),
        (SEND_MANY.format("{}"), CHANGE_COST + MESSAGE_COST + 1),
    ],
)
def test_objects_count_as_often_as_lists_may_hold_them(query: str, expected: int) -> None:
    assert cost(query) == expected


@pytest.mark.parametrize(
    ("variables", "size"),
    [({"n": 7}, 7), ({}, 4), ({"n": 10**9}, 100), ({"n": -1}, 100), ({"n": "x"}, 100)],
)
def test_page_size_in_a_variable_counts_with_its_value_or_the_maximum(
    variables: dict[str, Any], size: int
) -> None:
    query = "query($n: Int = 4) { me { orders(first: $n) { nodes { id } } } }"
    assert cost(query, **variables) == 2 + size


def test_largest_page_of_orders_with_everything_is_served() -> None:
    everything = (
        "id total { amount } history { at } customer { name }"
        " items { unitPrice { amount } product { title price { amount } } }"
    )
    assert cost(f"{{ me {{ orders(first: 100) {{ nodes {{ {everything} }} }} }} }}") <= MAX_COST


def test_pages_of_pages_are_refused_before_anything_is_loaded() -> None:
    query = (
        "{ me { orders(first: 100) { nodes { customer { orders(first: 100) { nodes {"
        " items { sku } } } } } } } }"
    )
    assert codes_of(query) == {"QUERY_TOO_COMPLEX"}


def test_repeated_logins_in_one_request_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.users.sessions.login", lambda _: pytest.fail("was run"))
    guesses = " ".join(f"g{n}: {LOGIN}" for n in range(10))
    assert codes_of(f"mutation {{ {guesses} }}") == {"QUERY_TOO_COMPLEX"}


def test_fragments_that_double_at_each_step_are_counted_fast() -> None:
    fragments = " ".join(f"fragment F{n} on User {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    query = f"{{ me {{ ...F0 }} }} {fragments} fragment F60 on User {{ orders {{ totalCount }} }}"
    assert codes_of(query) == {"QUERY_TOO_COMPLEX"}


def test_aliases_are_counted() -> None:
    fits = " ".join(f"a{n}: __typename" for n in range(MAX_ALIASES))
    run(
        GraphQLRequest.model_validate({"query": f"{{ {fits} }}"}),
        GatewayContext(None),
        read_only=True,
    )
    assert codes_of(f"{{ {fits} more: __typename }}") == {"QUERY_TOO_COMPLEX"}


def test_directives_are_counted() -> None:
    many = " ".join(f"a{n}: __typename @skip(if: false)" for n in range(MAX_DIRECTIVES))
    run(
        GraphQLRequest.model_validate({"query": f"{{ {many} }}"}),
        GatewayContext(None),
        read_only=True,
    )
    codes = codes_of(f"{{ {many} __typename @include(if: true) }}")
    assert codes == {"QUERY_TOO_COMPLEX"}


def test_messages_of_a_bulk_count_each() -> None:
    """One operation sends a thousand messages, not two thousand."""
    answers = "{ accepted answers { status id requestId error { code details { field } } } }"
    thousand: dict[str, Any] = {"notifications": [{}] * 1_000}
    one = f"sendNotifications(input: $input) {answers}"
    query = "mutation($input: SendNotificationsInput!) "
    assert cost(f"{query} {{ {one} }}", input=thousand) <= MAX_COST
    listed = "mutation($list: [SendNotificationInput!]!) { sendNotifications(input:"
    apart = cost(f"{listed} {{notifications: $list}}) {answers} }}", list=[{}] * 1_000)
    assert apart == cost(f"{query} {{ {one} }}", input=thousand)
    assert cost(f"{query} {{ a: {one} b: {one} }}", input=thousand) > MAX_COST


def test_long_variables_are_refused() -> None:
    query = "query($n: Int) { getProducts(first: $n) { totalCount } }"
    assert codes_of(query, other="x" * MAX_VARIABLES_CHARACTERS) == {"QUERY_TOO_COMPLEX"}
