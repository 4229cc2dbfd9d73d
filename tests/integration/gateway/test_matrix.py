"""Who may do what: every operation as stranger, owner, other customer, operator and admin."""

from typing import Any
from uuid import uuid4

import pytest
from executable import executable_schema
from graphql import GraphQLObjectType

from tests.contract.project import routes
from tests.integration.campaigns.builders import a_campaign
from tests.integration.gateway.conftest import sign_in, sign_in_service
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.gateway.operations import OK, OPERATIONS, World
from tests.integration.gateway.rest_operations import REST, path_in
from tests.integration.operations.builders import a_dead_letter
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Suppression
from tidings.delivery.suppression import suppress
from tidings.notifications.models import Delivery, Notification
from tidings.operations.failed_messages import store_failed_messages
from tidings.orders.models import Order, OrderItem
from tidings.platform import database, settings
from tidings.platform.auth import Role
from tidings.platform.secrets import SigningKeys
from tidings.products.catalogue import prepare
from tidings.products.models import Product
from tidings.tasks.models import Task
from tidings.users.models import PushToken, User

CALLERS = ("stranger", "owner", "other", "operator", "admin", "service")


@pytest.fixture
def people(keys: SigningKeys) -> dict[str, InProcessApi]:
    roles = (Role.CUSTOMER, Role.CUSTOMER, Role.OPERATOR, Role.ADMIN)
    callers = [InProcessApi(), *sign_in(*roles), sign_in_service()]
    return dict(zip(CALLERS, callers, strict=True))


@pytest.fixture
def world(people: dict[str, InProcessApi]) -> World:
    """One of everything that belongs to the owner, and a product."""
    owner_id = people["owner"].user_id
    assert owner_id
    product = prepare(
        Product(
            sku=f"S-{uuid4().hex}",
            title="Pen",
            price=100,
            currency="EUR",
            stock=9,
            state="active",
        )
    ).save()
    item = OrderItem(product_id=product.id, sku="S", title="Pen", quantity=1, unit_price=100)
    order = Order(
        customer_id=owner_id, items=[item], total=100, currency="EUR", state="confirmed"
    ).save()
    task = Task(owner_id=owner_id, title="Call", state="open", priority_rank=1).save()
    token = PushToken(
        user_id=owner_id, platform="web", token="t", token_hash=uuid4().hex, device="Browser"
    ).save()
    notification = Notification(
        user_id=owner_id,
        kind="order.confirmed",
        category="orders",
        title="Confirmed",
        body="It is.",
        subject_id=order.id,
        dedupe_key=uuid4().hex,
        event_id=uuid4().hex,
        deliveries={"email": Delivery(status="queued")},
    ).save()
    campaigns = [
        a_campaign(state).id
        for state in (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PAUSED)
    ]
    letter = a_dead_letter()
    store_failed_messages([letter])
    suppress(f"{owner_id}@example.com", "hard_bounce")
    found = World(
        *(owner_id, product.id, order.id, task.id, token.id, notification.id, letter.key),
        Suppression.objects.get().id,
        *campaigns,
    )
    User.objects(pk=owner_id).update_one(set__email=found.email)
    return found


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
    expected = getattr(operation, who)
    before = None if expected == OK else stored()

    answer = people[who].graphql(operation.document, **operation.variables(world))

    if expected == OK:
        assert "errors" not in answer
        return
    assert [each["extensions"]["code"] for each in answer["errors"]] == [expected]
    assert not answer.get("data")
    assert stored() == before


# Lists that are answered with what the caller may see: the document, and whose the owner's is.
LISTS = {
    "getOrders": ("{ getOrders { nodes { id } } }", "order_id"),
    "getTasks": ("{ getTasks { nodes { id } } }", "task_id"),
    "getUserNotifications": ("{ getUserNotifications { nodes { id } } }", "notification_id"),
    "getPushTokens": ("{ getPushTokens { id } }", "push_token_id"),
}
EVERYBODYS = {"getOrders", "getTasks"}


@pytest.mark.parametrize("who", ["owner", "other", "operator", "admin"])
@pytest.mark.parametrize("name", sorted(LISTS))
def test_list_shows_what_the_caller_may_see(
    name: str, who: str, people: dict[str, InProcessApi], world: World
) -> None:
    document, field = LISTS[name]
    answer = people[who].graphql(document)["data"][name]
    ids = [each["id"] for each in (answer if isinstance(answer, list) else answer["nodes"])]
    sees = who == "owner" or (who in {"operator", "admin"} and name in EVERYBODYS)
    assert ids == ([getattr(world, field)] if sees else [])


@pytest.mark.parametrize(
    ("route", "field"), [("/orders", "order_id"), ("/tasks", "task_id")], ids=["orders", "tasks"]
)
@pytest.mark.parametrize("who", ["owner", "other", "operator", "admin"])
def test_rest_list_shows_what_the_caller_may_see(
    route: str, field: str, who: str, people: dict[str, InProcessApi], world: World
) -> None:
    ids = [each["id"] for each in people[who].rest("GET", route).json["data"]]
    assert ids == ([] if who == "other" else [getattr(world, field)])


def test_every_route_is_in_the_table() -> None:
    assert set(REST) == {route for route in routes() if " /graphql" not in route}


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("route", sorted(REST))
def test_route_as(route: str, who: str, people: dict[str, InProcessApi], world: World) -> None:
    operation = REST[route]
    content = operation.content(world)
    headers = {"Content-Type": operation.content_type}
    expected = operation.expected(who)
    before = stored() if expected >= 400 else None

    target = path_in(world, route) + operation.query
    answer = people[who].request(route.partition(" ")[0], target, content, headers)

    assert answer.status == expected, answer.text
    if expected >= 400:
        assert answer.json["data"] is None
        assert stored() == before
