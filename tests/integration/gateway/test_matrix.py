"""Who may do what: every operation as stranger, owner, other customer, operator and admin."""

import json
from typing import Any
from uuid import uuid4

import pytest
from executable import executable_schema
from graphql import GraphQLObjectType

from tests.contract.project import routes
from tests.integration.gateway.conftest import sign_in
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.gateway.operations import OK, OPERATIONS, World
from tests.integration.gateway.rest_operations import REST, path_in
from tidings.notifications.models import Notification
from tidings.orders.models import Order, OrderItem
from tidings.platform import database, settings
from tidings.platform.auth import Role
from tidings.platform.secrets import SigningKeys
from tidings.products.models import Product

CALLERS = ("stranger", "owner", "other", "operator", "admin")


@pytest.fixture
def people(keys: SigningKeys) -> dict[str, InProcessApi]:
    roles = (Role.CUSTOMER, Role.CUSTOMER, Role.OPERATOR, Role.ADMIN)
    return dict(zip(CALLERS, [InProcessApi(), *sign_in(*roles)], strict=True))


@pytest.fixture
def world(people: dict[str, InProcessApi]) -> World:
    """The owner's order and notification."""
    owner_id = people["owner"].user_id
    assert owner_id
    product = Product(
        sku=f"S-{uuid4().hex}", title="Pen", price=100, currency="EUR", stock=9
    ).save()
    item = OrderItem(product_id=product.id, sku="S", title="Pen", quantity=1, unit_price=100)
    order = Order(
        customer_id=owner_id, items=[item], total=100, currency="EUR", state="placed"
    ).save()
    notification = Notification(
        user_id=owner_id,
        kind="order.confirmed",
        title="Confirmed",
        body="It is.",
        subject_id=order.id,
        dedupe_key=uuid4().hex,
        event_id=uuid4().hex,
    ).save()
    return World(owner_id, product.id, order.id, notification.id)


def stored() -> dict[str, list[Any]]:
    """Return all that is stored, whatever domain it is in."""
    client, prefix = database.connect(), settings.settings().database_prefix
    return {
        f"{domain}.{name}": list(client[f"{prefix}_{domain}"][name].find().sort("_id"))
        for domain in database.DOMAINS
        for name in client[f"{prefix}_{domain}"].list_collection_names()
    }


def test_every_operation_is_in_the_table() -> None:
    schema = executable_schema()
    fields = {
        f"{root.name}.{name}"
        for root in (schema.query_type, schema.mutation_type)
        if isinstance(root, GraphQLObjectType)
        for name in root.fields
    }
    assert fields == set(OPERATIONS)


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation_as(name: str, who: str, people: dict[str, InProcessApi], world: World) -> None:
    operation = OPERATIONS[name]
    before = stored()

    answer = people[who].graphql(operation.document, **operation.variables(world))

    expected = getattr(operation, who)
    if expected == OK:
        assert "errors" not in answer
        return
    assert [each["extensions"]["code"] for each in answer["errors"]] == [expected]
    assert not answer.get("data")
    assert stored() == before


def test_every_route_is_in_the_table() -> None:
    assert set(REST) == {route for route in routes() if not route.endswith(" /graphql")}


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("route", sorted(REST))
def test_route_as(route: str, who: str, people: dict[str, InProcessApi], world: World) -> None:
    operation = REST[route]
    body = operation.body(world)
    content = None if body is None else json.dumps(body).encode()
    before = stored()

    answer = people[who].request(route.partition(" ")[0], path_in(world, route), content)

    expected = getattr(operation, who)
    assert answer.status == expected, answer.text
    if expected >= 400:
        assert answer.json["data"] is None
        assert stored() == before
