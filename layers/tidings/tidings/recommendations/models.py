"""Documents of the recommendations database."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument, StoredPart
from tidings.platform.timing.clock import new_id, now

BROWSING_LASTS: Final = retention.VIEWS.period


class ActivityKind(StrEnum):
    PURCHASED = "purchased"
    BROWSED = "browsed"


class ActivityItem(StoredPart):
    """A product with its number of pieces (purchase) or views."""

    product_id = StringField(required=True)
    quantity = IntField(required=True)
    at = DateTimeField(required=True)


class Activity(OutboxDocument):
    """A purchase or a batch of views, stored once: `key` identifies the order or the batch.

    `counted` says whether it is in the counts. A `void` activity was undone, or never happened:
    without items it marks an order that was cancelled before its purchase was stored.
    """

    id = StringField(primary_key=True, default=new_id)
    key = StringField(required=True, unique=True)
    user_id = StringField(required=True)
    kind = StringField(required=True, choices=[kind.value for kind in ActivityKind])
    order_id = StringField()
    items = EmbeddedDocumentListField(ActivityItem)
    at = DateTimeField(required=True, default=now)
    counted = BooleanField(required=True, default=False)
    void = BooleanField(required=True, default=False)
    # Set for views only; MongoDB deletes the document at this time.
    expires_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "activity",
        "indexes": [
            ("user_id", "-id"),
            retention.VIEWS.index(),
        ],
    }


class Interest(StoredPart):
    """A product that a person bought or viewed: `since` is the counted time, `at` the last time."""

    product_id = StringField(required=True)
    since = DateTimeField(required=True)
    at = DateTimeField(required=True)
    activity_id = StringField(required=True)


class Suggestion(StoredPart):
    """A product in a person's list, and the reason."""

    product_id = StringField(required=True)
    score = FloatField(required=True)
    code = StringField(required=True)
    because_id = StringField()
    because_title = StringField()
    category = StringField()


class CustomerProfile(OutboxDocument):
    """A person's known interests, and the list computed from them; its id is the user's.

    It stays small: `counting.MAX_BOUGHT`, `MAX_VIEWED` and `lists.LIST_SIZE` limit it.
    """

    id = StringField(primary_key=True)
    bought = EmbeddedDocumentListField(Interest)
    viewed = EmbeddedDocumentListField(Interest)
    active_at = DateTimeField(required=True)
    suggestions = EmbeddedDocumentListField(Suggestion)
    computed_at = DateTimeField()
    # The products and the time of the last notification.
    announced = ListField(StringField())
    announced_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "tastes",
        "indexes": ["active_at", ("viewed.product_id", "id")],
    }


class Demand(StoredDocument):
    """The demand for a product; its id is the product's. `weights.py` defines the weights."""

    id = StringField(primary_key=True)
    bought = FloatField(default=0.0)
    viewed = FloatField(default=0.0)
    heat = FloatField(default=0.0)
    # By kind: the pairs of `counts.py`. Earlier versions did not count them.
    pairs = DictField()
    categories = ListField(StringField())

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "demands",
        "indexes": ["-heat", ("categories", "-heat")],
    }


class Row(StoredDocument):
    """The products that people buy or view together with a product; its id is the product's.

    `near` contains the other products: `{<product id>: {"bought": <weight>, "viewed": <weight>}}`.
    It is separate from the demand, because one row needs the demands of many products.
    """

    id = StringField(primary_key=True)
    near = DictField()

    meta = {"db_alias": "recommendations", "collection": "rows"}  # noqa: RUF012


class Run(OutboxDocument):
    """One run of the daily job; its id is its scheduled time."""

    id = StringField(primary_key=True)
    chunks = IntField(required=True)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "runs",
        "indexes": [retention.RECOMMENDATION_RUNS.index()],
    }


def suggestion(product_id: str, score: float, code: str, **more: str | None) -> dict[str, Any]:
    """Return a suggestion in its stored form."""
    given = {name: value for name, value in more.items() if value is not None}
    return {"product_id": product_id, "score": score, "code": code, **given}


def interest(product_id: str, at: datetime, activity_id: str) -> dict[str, Any]:
    """Return a new interest in its stored form."""
    return {"product_id": product_id, "since": at, "at": at, "activity_id": activity_id}
