"""A small shop whose documents are always the same: ids, times, texts, states.

It is stored by the models of the version under test, so each version reads its own form.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tidings.campaigns.models import Campaign, CampaignAudience, CampaignSchedule
from tidings.delivery.models import Delivery, Notification, Step
from tidings.monitoring.models import FailedAttempt, FailedMessage
from tidings.orders.models import Order, OrderItem, Transition
from tidings.products.catalogue import prepare
from tidings.products.models import Product, StockMovement
from tidings.recommendations.models import Activity, ActivityItem, CustomerProfile, Suggestion
from tidings.tasks.models import Task
from tidings.users.models import PushToken, User

BEGIN: Final = datetime(2026, 11, 1, 8, tzinfo=UTC)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FAR: Final = datetime(2036, 1, 1, tzinfo=UTC)
PRODUCTS: Final = 120
ORDERS: Final = 130
NOTIFICATIONS: Final = 140
TASKS: Final = 90
FAILED: Final = 60
ROLES: Final = ("customer", "customer", "operator", "admin")
STATES: Final = ("placed", "confirmed", "rejected", "paid", "packed", "shipped", "delivered")
WORDS: Final = ("Blue", "grüne", "Café", "STRASSE", "पेन", "石鹸", "old", "new", "small", "heavy")
CATEGORIES: Final = ("pens", "paper", "ink")


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def identity(kind: int, number: int) -> str:
    """Return an id of the form of all ids: milliseconds, and a number of its own."""
    milliseconds = (at(number) - EPOCH) // timedelta(milliseconds=1)
    return f"{milliseconds:012x}{kind:04x}{number:08x}"


PEOPLE: Final = [identity(1, number) for number in range(len(ROLES))]
PRODUCT_IDS: Final = [identity(2, number) for number in range(PRODUCTS)]
ORDER_IDS: Final = [identity(3, number) for number in range(ORDERS)]
TASK_IDS: Final = [identity(4, number) for number in range(TASKS)]
NOTIFICATION_IDS: Final = [identity(5, number) for number in range(NOTIFICATIONS)]
CAMPAIGN_IDS: Final = [identity(6, number) for number in range(3)]


def fill() -> None:
    """Store all documents in empty collections."""
    random = Random(7)
    made = (
        *(_user(number) for number in range(len(ROLES))),
        *(_device(number) for number in range(3)),
        *(_product(number, random) for number in range(PRODUCTS)),
        *(_movement(number) for number in range(30)),
        *(_order(number, random) for number in range(ORDERS)),
        *(_task(number, random) for number in range(TASKS)),
        *(_notification(number, random) for number in range(NOTIFICATIONS)),
        *(_failed_message(number, random) for number in range(FAILED)),
        *(_activity(number) for number in range(25)),
        *(_profile(number) for number in range(2)),
        *(_campaign(number) for number in range(3)),
    )
    classes = list(dict.fromkeys(type(each) for each in made))
    for each in classes:
        each.objects.insert([one for one in made if type(one) is each], load_bulk=False)


def _user(number: int) -> User:
    return User(
        id=PEOPLE[number],
        email=f"person-{number}@example.com",
        name=f"Person {number}",
        password_hash="none",
        role=ROLES[number],
        preferences={"language": "de"} if number == 1 else {},
        verified_at=at(number) if number else None,
        created_at=at(number),
    )


def _device(number: int) -> PushToken:
    text = f"device-{number}"
    return PushToken(
        id=identity(7, number),
        user_id=PEOPLE[0],
        platform="ios",
        token=text,
        token_hash=text,
        created_at=at(number),
    )


def _product(number: int, random: Random) -> Product:
    product = Product(
        id=PRODUCT_IDS[number],
        sku=f"SKU-{number}",
        title=" ".join(random.sample(WORDS, k=2)),
        description=f"Number {number} of all.",
        price=random.choice((0, 990, 1_000, 5_000, 99_999, 10**12)) + number,
        currency=random.choice(("EUR", "EUR", "USD", "JPY")),
        attributes={"Colour": random.choice(WORDS)} if number % 3 else {},
        categories=random.sample(CATEGORIES, k=number % 3),
        images=["https://images.example.com/1.png"] if number % 5 == 0 else [],
        stock=number % 4,
        state=("active", "active", "active", "draft", "retired")[number % 5],
        created_at=at(number),
        updated_at=at(number + 5),
    )
    return prepare(product)


def _movement(number: int) -> StockMovement:
    return StockMovement(
        id=identity(8, number),
        product_id=PRODUCT_IDS[number % 2],
        kind="adjusted",
        change=number - 9,
        stock_after=number,
        reason="counted",
        actor_id=PEOPLE[2],
        created_at=at(number),
    )


def _order(number: int, random: Random) -> Order:
    lines = random.sample(range(PRODUCTS), k=1 + number % 3)
    items = [
        OrderItem(
            product_id=PRODUCT_IDS[each],
            sku=f"SKU-{each}",
            title=f"Product {each}",
            quantity=1 + each % 2,
            unit_price=100 + each,
        )
        for each in lines
    ]
    return Order(
        id=ORDER_IDS[number],
        customer_id=PEOPLE[number % 2],
        items=items,
        total=sum(each.quantity * each.unit_price for each in items),
        currency="EUR",
        state=random.choice(STATES),
        history=[
            Transition(state="placed", at=at(number), actor="customer", user_id=PEOPLE[number % 2]),
            Transition(state="confirmed", at=at(number + 1)),
        ],
        carrier="DHL" if number % 4 == 0 else None,
        correlation_id=f"correlation-{number}",
        created_at=at(number),
    )


def _task(number: int, random: Random) -> Task:
    task = Task(
        id=TASK_IDS[number],
        owner_id=PEOPLE[number % 2],
        assignee_id=PEOPLE[number % 3],
        title=f"Call {random.choice(WORDS)} number {number}",
        state=random.choice(("open", "in_progress", "done", "cancelled")),
        priority_rank=random.randrange(4),
        labels=["urgent"] if number % 4 == 0 else [],
        created_at=at(number),
        updated_at=at(number),
    )
    if number % 3:
        task.due_at = at(random.randrange(400))
    if number % 17 == 0:
        task.deleted_at = at(number)
    return task


def _notification(number: int, random: Random) -> Notification:
    steps = [Step(status="queued", at=at(number)), Step(status="sent", at=at(number + 1))]
    return Notification(
        id=NOTIFICATION_IDS[number],
        user_id=PEOPLE[number % 2],
        kind=random.choice(("order.confirmed", "order.shipped", "promotion")),
        category=random.choice(("orders", "promotions")),
        template_code="order_confirmed",
        template_version=1,
        language="en",
        title=f"Your order {number}",
        body="We pack it now, and tell you when it leaves.",
        subject_id=ORDER_IDS[number % ORDERS],
        dedupe_key=f"key-{number}",
        event_id=f"event-{number}",
        correlation_id=f"correlation-{number}",
        campaign_id=CAMPAIGN_IDS[0] if number % 10 == 0 else None,
        created_at=at(number),
        read_at=at(number + 2) if number % 3 else None,
        archived_at=at(number + 3) if number % 7 == 0 else None,
        expires_at=FAR,
        deliveries={"email": Delivery(status="sent", attempts=1, steps=steps)},
    )


def _failed_message(number: int, random: Random) -> FailedMessage:
    tried = FailedAttempt(function="inventory", error="no answer", at=at(number).isoformat())
    return FailedMessage(
        id=identity(9, number),
        message_id=f"message-{number}",
        exchange="user-events",
        queue=random.choice(("notifications", "inventory")),
        type="order.placed",
        correlation_id=f"correlation-{number % 7}",
        content_type="application/cloudevents+json",
        body=b'{"order_id": "1"}',
        function="tidings-inventory",
        error="the provider did not answer",
        history=[tried],
        state=random.choice(("failed", "redriven", "discarded")),
        failed_at=at(random.randrange(300)),
    )


def _activity(number: int) -> Activity:
    item = ActivityItem(product_id=PRODUCT_IDS[number], quantity=1, at=at(number))
    return Activity(
        id=identity(10, number),
        key=f"key-{number}",
        user_id=PEOPLE[0],
        kind=("purchased", "browsed")[number % 2],
        items=[item],
        at=at(number),
    )


def _profile(number: int) -> CustomerProfile:
    found: list[Any] = [
        Suggestion(product_id=PRODUCT_IDS[place], score=1.0 / (place + 1), code="popular")
        for place in range(20)
    ]
    return CustomerProfile(id=PEOPLE[number], active_at=BEGIN, suggestions=found, computed_at=BEGIN)


def _campaign(number: int) -> Campaign:
    return Campaign(
        id=CAMPAIGN_IDS[number],
        name=f"Spring {number}",
        template_code="promotion",
        audience=CampaignAudience(),
        schedule=CampaignSchedule(kind="weekly"),
        state=("finished", "draft", "stopped")[number],
        created_at=at(number),
    )
