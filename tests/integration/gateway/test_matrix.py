"""Every operation as anonymous caller, owner, other customer, operator and admin."""

from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from executable import executable_schema
from graphql import GraphQLObjectType

from tests.contract.project import routes
from tests.integration.campaigns.builders import a_campaign
from tests.integration.conftest import CommandNotes, forget_all_but_documents
from tests.integration.emptying import empty_collections
from tests.integration.gateway.conftest import sign_in, sign_in_service
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.gateway.operations import OPERATIONS, VOUCHER_CODE, World, expected_of
from tests.integration.gateway.rest_operations import (
    content_of,
    expected_status,
    path_in,
    sample_of,
)
from tests.integration.gateway.rights import CALLERS, OK
from tests.integration.monitoring.builders import a_dead_letter
from tests.integration.vouchers.builders import a_voucher
from tests.unit.platform.builders import signing_keys, use_keys
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Delivery, Notification, Suppression
from tidings.delivery.suppression import suppress
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.orders.models import Order, OrderItem
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Role
from tidings.platform.storage import database
from tidings.platform.timing.clock import now
from tidings.products.catalogue import prepare
from tidings.products.models import Product
from tidings.tasks.models import Task
from tidings.users.models import PushToken, User

People = dict[str, InProcessApi]


@dataclass
class Kept:
    """People and their data, shared by the tests until one of them changes something."""

    notes: CommandNotes
    keys: SigningKeys = field(default_factory=signing_keys)
    people: People = field(default_factory=dict)
    world: World | None = None
    made_at: int = 0

    @property
    def is_as_made(self) -> bool:
        return self.world is not None and len(self.notes.changing) == self.made_at


@pytest.fixture(scope="module")
def kept(noted_commands: CommandNotes) -> Kept:
    return Kept(noted_commands)


@pytest.fixture(autouse=True)
def start_afresh(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create new data if the last test changed it, because that takes longer than a test."""
    use_keys(monkeypatch, kept.keys)
    forget_all_but_documents()
    if not kept.is_as_made:
        empty_collections(database.connect())
        kept.people = _people()
        kept.world = _world(kept.people)
        kept.made_at = len(kept.notes.changing)


@pytest.fixture
def people(kept: Kept) -> People:
    return kept.people


@pytest.fixture
def world(kept: Kept) -> World:
    """One object of every kind that belongs to the owner, and a product."""
    assert kept.world is not None
    return kept.world


@pytest.fixture
def changes(kept: Kept) -> list[str]:
    """Return the database commands that changed documents."""
    return kept.notes.changing


def _people() -> People:
    roles = (Role.CUSTOMER, Role.CUSTOMER, Role.OPERATOR, Role.ADMIN)
    callers = [InProcessApi(), *sign_in(*roles), sign_in_service()]
    return dict(zip(CALLERS, callers, strict=True))


def _world(people: People) -> World:
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
    task = Task(owner_id=owner_id, title="Call", state="open", priority_rank=1, due_at=now()).save()
    token = PushToken(
        user_id=owner_id, platform="web", token="t", token_hash=uuid4().hex, device="Browser"
    ).save()
    notification = Notification(
        user_id=owner_id,
        kind="order.confirmed",
        category="orders",
        template_code="order_confirmed",
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
        a_voucher(code=VOUCHER_CODE, customer_limit=None).id,
        *campaigns,
    )
    User.objects(pk=owner_id).update_one(set__email=found.email)
    return found


def test_changes_are_detected(people: People, world: World, kept: Kept) -> None:
    assert people["owner"].rest("GET", "/tasks").status == 200
    assert kept.is_as_made
    assert people["owner"].rest("DELETE", f"/tasks/{world.task_id}").status == 200
    assert not kept.is_as_made


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
def test_operation_as(
    name: str, who: str, people: People, world: World, changes: list[str]
) -> None:
    operation = OPERATIONS[name]
    expected = expected_of(name, who)
    variables = operation.variables(world)
    before = len(changes)

    answer = people[who].graphql(operation.document, **variables)

    if expected == OK:
        assert "errors" not in answer
        return
    assert [each["extensions"]["code"] for each in answer["errors"]] == [expected]
    assert not answer.get("data")
    assert not changes[before:]


# Lists that return only visible objects: the document, and the owner of the owner's object.
LISTS = {
    "getOrders": ("{ getOrders { nodes { id } } }", "order_id"),
    "getTasks": ("{ getTasks { nodes { id } } }", "task_id"),
    "getUserNotifications": ("{ getUserNotifications { nodes { id } } }", "notification_id"),
    "getPushTokens": ("{ getPushTokens { id } }", "push_token_id"),
}
EVERYBODYS = {"getOrders", "getTasks"}


@pytest.mark.parametrize("who", ["owner", "other", "operator", "admin"])
@pytest.mark.parametrize("name", sorted(LISTS))
def test_list_contains_the_objects_visible_to_the_caller(
    name: str, who: str, people: People, world: World
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
def test_rest_list_contains_the_objects_visible_to_the_caller(
    route: str, field: str, who: str, people: People, world: World
) -> None:
    ids = [each["id"] for each in people[who].rest("GET", route).json["data"]]
    assert ids == ([] if who == "other" else [getattr(world, field)])


PAGES = (" /graphql", " /console", " /shop")
REST = sorted(route for route in routes() if not any(page in route for page in PAGES))


def test_domain_refuses_without_the_gateway(
    people: People, world: World, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operation itself checks the role, not only the directive of the field."""
    monkeypatch.setattr("executable._permitted", lambda _schema, _field, resolve, _: resolve)
    unguarded = executable_schema.__wrapped__()
    monkeypatch.setattr("execution.executable_schema", lambda: unguarded)
    for name, sample in OPERATIONS.items():
        for who in CALLERS:
            if (expected := expected_of(name, who)) == OK:
                continue
            before = len(changes)
            answer = people[who].graphql(sample.document, **sample.variables(world))
            codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
            assert codes == [expected], (name, who)
            assert not changes[before:], (name, who)


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("route", REST)
def test_route_as(route: str, who: str, people: People, world: World, changes: list[str]) -> None:
    sample = sample_of(route)
    content = content_of(route, world)
    headers = {"Content-Type": sample.content_type}
    expected = expected_status(route, who)
    target = path_in(world, route) + sample.query
    before = len(changes)

    answer = people[who].request(route.partition(" ")[0], target, content, headers)

    assert answer.status == expected, answer.text
    if expected >= 400:
        assert sample.is_page or answer.json["data"] is None
        assert not changes[before:]
