"""Documents of the products' database."""

from mongoengine import (
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    LongField,
    MapField,
    StringField,
)

from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument
from tidings.products.fields import ProductState
from tidings.products.schemas import MovementKind


class Product(OutboxDocument):
    """Something that is sold. `price` is in minor units of `currency`.

    `version` counts changes of what the product is, not of its stock. `price_key`,
    `title_key` and `words` follow from the rest (`catalogue.py`) and are what lists are
    sorted by and searched in.
    """

    id = StringField(primary_key=True, default=new_id)
    sku = StringField(required=True, unique=True)
    title = StringField(required=True)
    description = StringField(default="")
    price = LongField(required=True)
    currency = StringField(required=True)
    attributes = MapField(StringField())
    categories = ListField(StringField())
    images = ListField(StringField())
    stock = IntField(required=True)
    state = StringField(required=True, choices=[state.value for state in ProductState])
    version = IntField(required=True, default=1)
    price_key = StringField(required=True)
    title_key = StringField(required=True)
    words = ListField(StringField())
    created_at = DateTimeField(required=True, default=now)
    updated_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "products",
        "collection": "products",
        "indexes": [
            ("state", "-id"),
            ("state", "price_key"),
            ("state", "title_key"),
            ("state", "categories", "-id"),
            ("state", "categories", "price_key"),
            ("state", "categories", "title_key"),
            ("state", "price"),
            ("state", "currency", "price"),
            # What is sold out is little of a shop; only crossing zero touches this index.
            {
                "fields": ["state", "-id"],
                "partialFilterExpression": {"stock": 0},
                "name": "sold_out",
            },
            ("state", "words"),
        ],
    }


class StockMovement(Document):
    """One change of a product's stock, stored in the transaction that made it."""

    id = StringField(primary_key=True, default=new_id)
    product_id = StringField(required=True)
    kind = StringField(required=True, choices=[kind.value for kind in MovementKind])
    change = IntField(required=True)
    stock_after = IntField(required=True)
    reason = StringField(required=True)
    actor_id = StringField()
    order_id = StringField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "products",
        "collection": "stock_movements",
        "indexes": [("product_id", "-id")],
    }


class ReservedLine(EmbeddedDocument):
    product_id = StringField(required=True)
    quantity = IntField(required=True)


class Reservation(OutboxDocument):
    """What was decided on an order's stock; at most one per order, whose id it has.

    `released` without lines: the order was cancelled before its stock was asked for.
    """

    id = StringField(primary_key=True)
    state = StringField(required=True, choices=["reserved", "rejected", "released"])
    reason = StringField()
    lines = EmbeddedDocumentListField(ReservedLine)
    created_at = DateTimeField(required=True, default=now)

    meta = {"db_alias": "products", "collection": "reservations"}  # noqa: RUF012
