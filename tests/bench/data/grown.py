"""Fill the domains' collections with many documents, past the operations that make them.

Documents are numbered up to `LAST`, and a smaller collection has the last of them. So the newest
documents, which most lists show, are the same in collections of all sizes.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any, Final

import pymongo
from pymongo import WriteConcern

from tidings.delivery.models import Notification
from tidings.monitoring.models import FailedMessage
from tidings.orders.models import Order, OrderItem, Transition
from tidings.platform.timing.clock import first_id, new_id, now
from tidings.products.catalogue import prepare
from tidings.products.models import Product
from tidings.products.price_bands import groups_of
from tidings.recommendations.models import Activity, ActivityItem, CustomerProfile, Suggestion
from tidings.tasks.models import Task

BATCH: Final = 1_000
BATCH_SECONDS: Final = 60
# A tenth of all documents belongs to one person, the others to people with twenty each.
EACH: Final = 20
LAST: Final = 200_000
CAMPAIGN: Final = "campaign-of-the-last"
IN_CAMPAIGN: Final = 500
CATEGORIES: Final = ("pens", "paper", "ink", "lamps", "desks")
WORDS: Final = (
    "blue",
    "green",
    "heavy",
    "light",
    "round",
    "square",
    "smooth",
    "old",
    "new",
    "small",
)
RARE: Final = "quetzal"
WITH_RARE_WORD: Final = LAST - 500

BEGIN: Final = now() - timedelta(days=300)
REGULAR: Final = f"{0:024x}"
PATTERNS: Final = 997
PEOPLE: Final = [f"{number:024x}" for number in range(1, LAST // EACH + 1)]
random: Final = Random()

Make = Callable[[int], Any]


def person(number: int) -> str:
    """Return the person of the n-th document of a collection."""
    return REGULAR if number % 10 == 0 else PEOPLE[number // EACH % len(PEOPLE)]


def notification(n: int) -> Notification:
    return Notification(
        user_id=person(n),
        kind=random.choice(("order.confirmed", "order.shipped", "promotion")),
        category="orders",
        template_code="order_confirmed",
        title="Your order is confirmed",
        body="We pack it now, and tell you when it leaves.",
        subject_id=f"order-{n}",
        dedupe_key=f"key-{n}",
        event_id=f"event-{n}",
        created_at=BEGIN + timedelta(minutes=n),
        read_at=None if n % 3 else BEGIN + timedelta(minutes=n + 5),
        expires_at=now() + timedelta(days=90),
    )


def order(n: int) -> Order:
    item = OrderItem(product_id=new_id(), sku=f"S-{n}", title="Pen", quantity=2, unit_price=150)
    at = BEGIN + timedelta(minutes=n)
    return Order(
        id=first_id(at),
        customer_id=person(n),
        items=[item, item],
        total=600,
        currency="EUR",
        state=random.choice(("confirmed", "paid", "packed", "shipped", "delivered")),
        history=[Transition(state="placed", at=at), Transition(state="confirmed", at=at)],
        created_at=at,
    )


def product(n: int) -> Product:
    words = random.sample(WORDS, k=3)
    return prepare(
        Product(
            sku=f"SKU-{n}",
            title=" ".join(words),
            description="Made to last.",
            price=random.randrange(100, 100_000),
            currency="EUR",
            categories=[random.choice(CATEGORIES)],
            stock=0 if n % 50 == 0 else 9,
            state="active" if n % 20 else "draft",
        )
    )


def task(n: int) -> Task:
    made = Task(
        owner_id=person(n),
        assignee_id=person(n + 7),
        title=f"Call {random.choice(WORDS)} number {n}",
        state=random.choice(("open", "in_progress", "done")),
        priority_rank=random.randrange(4),
    )
    if n % 3:
        made.due_at = BEGIN + timedelta(minutes=random.randrange(400_000))
    return made


def failed_message(n: int) -> FailedMessage:
    return FailedMessage(
        id=new_id(),
        message_id=f"message-{n}",
        queue=random.choice(("notifications", "inventory", "email.queue")),
        type="order.placed",
        correlation_id=f"correlation-{n}",
        body=b'{"order_id": "1"}',
        error="the provider did not answer",
        function="tidings-inventory",
        state="failed",
        failed_at=BEGIN + timedelta(seconds=random.randrange(20_000_000)),
    )


def activity(n: int) -> Activity:
    at = BEGIN + timedelta(minutes=n)
    item = ActivityItem(product_id=new_id(), quantity=1, at=at)
    return Activity(key=f"key-{n}", user_id=person(n), kind="purchased", items=[item], at=at)


def profile(n: int) -> CustomerProfile:
    suggested = [
        Suggestion(product_id=new_id(), score=1.0 / (place + 1), code="popular")
        for place in range(20)
    ]
    return CustomerProfile(
        id=f"{n:024x}", active_at=now(), suggestions=suggested, computed_at=now()
    )


MAKERS: Final[dict[type[Any], Make]] = {
    Notification: notification,
    Order: order,
    Product: product,
    Task: task,
    FailedMessage: failed_message,
    Activity: activity,
    CustomerProfile: profile,
}


# The values that are not the pattern's, by collection.
OWN_VALUES: Final[dict[type[Any], Callable[[int], dict[str, Any]]]] = {
    Notification: lambda n: {
        "user_id": person(n),
        "dedupe_key": f"key-{n}",
        "created_at": BEGIN + timedelta(minutes=n),
        **({"campaign_id": CAMPAIGN} if n >= LAST - IN_CAMPAIGN else {}),
    },
    Order: lambda n: {
        "_id": first_id(BEGIN + timedelta(minutes=n)),
        "customer_id": person(n),
        "created_at": BEGIN + timedelta(minutes=n),
    },
    Product: lambda n: {
        "sku": f"SKU-{n}",
        "categories": [CATEGORIES[n // 7 % 5]],
        "price_key": f"EUR:{n * 7919 % 100_000:012d}:{n:024x}",
        "price": n * 7919 % 100_000,
        "price_groups": groups_of(n * 7919 % 100_000, "EUR", [CATEGORIES[n // 7 % 5]]),
        "title_key": f"{WORDS[n % 10]} {WORDS[n // 10 % 10]} {n * 7919 % 1_000_003}:{n:024x}",
        **({"words": [RARE], "state": "active", "stock": 9} if n == WITH_RARE_WORD else {}),
    },
    Task: lambda n: {
        "owner_id": person(n),
        "assignee_id": person(n + 7),
        "due_at": BEGIN + timedelta(minutes=n * 7919 % 400_000),
    },
    FailedMessage: lambda n: {
        "message_id": f"message-{n}",
        "correlation_id": f"correlation-{n}",
        "failed_at": BEGIN + timedelta(seconds=n * 7919 % 20_000_003),
    },
    Activity: lambda n: {"key": f"key-{n}", "user_id": person(n)},
    CustomerProfile: lambda n: {"_id": f"{n:024x}"},
}


def fill(document_class: type[Any], first: int, last: int) -> None:
    """Store the documents with the numbers from `first` to before `last`."""
    document_class.ensure_indexes()
    unsafe = WriteConcern(w=1)
    collection = document_class._get_collection().with_options(write_concern=unsafe)
    made = _documents(document_class, first, last)
    while batch := list(islice(made, BATCH)):
        with pymongo.timeout(BATCH_SECONDS):
            collection.insert_many(batch, ordered=False)


_PATTERNS: Final[dict[type[Any], list[dict[str, Any]]]] = {}


def _documents(document_class: type[Any], first: int, last: int) -> Iterator[dict[str, Any]]:
    """Yield documents: the models make some, the others are copies with values of their own.

    mongoengine needs longer to make a document than the database to store it.
    """
    patterns = _PATTERNS.get(document_class) or _patterns(document_class)
    _PATTERNS[document_class] = patterns
    for number in range(first, last):
        values = OWN_VALUES[document_class](number)
        yield {**patterns[number % len(patterns)], "_id": new_id(), **values}


def _patterns(document_class: type[Any]) -> list[dict[str, Any]]:
    random.seed(document_class.__name__)
    make = MAKERS[document_class]
    return [make(number).to_mongo().to_dict() for number in range(PATTERNS)]
