"""A missing id stands for the caller; an empty id stands for no account."""

import json
from typing import Any

import pytest

from tests.integration.gateway.in_process import InProcessApi
from tests.integration.gateway.operations import OPERATIONS, World
from tidings.platform.timing.clock import new_id
from tidings.users.models import User

WORLD = World(*(new_id() for _ in World.__dataclass_fields__))
OF_A_PERSON = sorted(
    name for name, each in OPERATIONS.items() if "$userId: ID," in each.document.replace(")", ",")
)


def ask(api: InProcessApi, name: str, variables: dict[str, Any]) -> dict[str, Any]:
    content = {"query": OPERATIONS[name].document, "variables": variables}
    headers = {"Content-Type": "application/json"}
    answer = api.request("POST", "/graphql", json.dumps(content).encode(), headers)
    found: dict[str, Any] = answer.json
    return found


def test_all_operations_with_a_person_are_covered() -> None:
    assert {"Mutation.deleteAccount", "Query.getUserNotifications"} <= set(OF_A_PERSON)
    assert len(OF_A_PERSON) == 8


@pytest.mark.parametrize("user_id", ["", " ", "0", "me", "a" * 24 + "\n"], ids=repr)
@pytest.mark.parametrize("name", OF_A_PERSON)
def test_invalid_id_does_not_stand_for_the_caller(
    name: str, user_id: str, customer: InProcessApi
) -> None:
    variables = OPERATIONS[name].variables(WORLD) | {"userId": user_id}
    (error,) = ask(customer, name, variables)["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (
        "BAD_USER_INPUT",
        "userId",
    )
    assert User.objects.get(pk=customer.user_id).deleted_at is None


@pytest.mark.parametrize("customer_id", ["", " ", "me"], ids=repr)
def test_empty_customer_id_has_no_orders(customer_id: str, customer: InProcessApi) -> None:
    query = "query($f: OrderFilter) { getOrders(filter: $f) { totalCount } }"
    content = {"query": query, "variables": {"f": {"customerId": customer_id}}}
    headers = {"Content-Type": "application/json"}
    answer = customer.request("POST", "/graphql", json.dumps(content).encode(), headers)
    assert answer.json["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_missing_id_deletes_the_callers_account(customer: InProcessApi) -> None:
    assert "errors" not in ask(customer, "Mutation.deleteAccount", {})
    assert User.objects.get(pk=customer.user_id).deleted_at is not None
