"""Documents of the recommendations' database."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument

BROWSING_LASTS: Final = timedelta(days=30)


class ActivityKind(StrEnum):
    PURCHASED = "purchased"
    BROWSED = "browsed"


class ActivityItem(EmbeddedDocument):
    """A product, and how often: pieces that were bought, or looks at it."""

    product_id = StringField(required=True)
    quantity = IntField(required=True)
    at = DateTimeField(required=True)


class Activity(OutboxDocument):
    """Something that a person did, once: `key` stands for the order, or the batch of looks.

    `counted` says whether it went into the counts. One that is `void` never happened, or was
    undone; without items it holds the place of an order that was called off before it came.
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
    # Of browsing only; MongoDB deletes it then.
    expires_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "activity",
        "indexes": [
            ("user_id", "-id"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }


class Interest(EmbeddedDocument):
    """A product that a person bought or looked at: `since` was counted, `at` is the last time."""

    product_id = StringField(required=True)
    since = DateTimeField(required=True)
    at = DateTimeField(required=True)
    activity_id = StringField(required=True)


class Suggestion(EmbeddedDocument):
    """A product of somebody's list, and why it is there."""

    product_id = StringField(required=True)
    score = FloatField(required=True)
    code = StringField(required=True)
    because_id = StringField()
    because_title = StringField()
    category = StringField()


class Taste(OutboxDocument):
    """What is known of a person, whose id it has, and the list that follows from it.

    It stays small: `counting.MAX_BOUGHT`, `MAX_VIEWED` and `lists.LIST_SIZE` bound it.
    """

    id = StringField(primary_key=True)
    bought = EmbeddedDocumentListField(Interest)
    viewed = EmbeddedDocumentListField(Interest)
    active_at = DateTimeField(required=True)
    suggestions = EmbeddedDocumentListField(Suggestion)
    computed_at = DateTimeField()
    # What the person was last told of, and when.
    announced = ListField(StringField())
    announced_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "tastes",
        "indexes": ["active_at", ("viewed.product_id", "id")],
    }


class Demand(Document):
    """How much a product, whose id it has, is wanted. Weights as `weights.py` has them."""

    id = StringField(primary_key=True)
    bought = FloatField(default=0.0)
    viewed = FloatField(default=0.0)
    heat = FloatField(default=0.0)
    categories = ListField(StringField())

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "demands",
        "indexes": ["-heat", ("categories", "-heat")],
    }


class Row(Document):
    """What goes together with a product, whose id it has.

    `near` has the other products: `{<product id>: {"bought": <weight>, "viewed": <weight>}}`.
    It lies apart from the demand, because many demands are read for one row.
    """

    id = StringField(primary_key=True)
    near = DictField()

    meta = {"db_alias": "recommendations", "collection": "rows"}  # noqa: RUF012


class Run(OutboxDocument):
    """One run of the daily job; its id is the time that it was scheduled for."""

    id = StringField(primary_key=True)
    chunks = IntField(required=True)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "recommendations",
        "collection": "runs",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


def interest(product_id: str, at: datetime, activity_id: str) -> dict[str, Any]:
    """Return a new interest as it is stored."""
    return {"product_id": product_id, "since": at, "at": at, "activity_id": activity_id}
