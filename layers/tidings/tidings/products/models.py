"""Documents of the products' database."""

from mongoengine import (
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    LongField,
    StringField,
)

from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument


class Product(Document):
    """Something that is sold. `price` is in minor units of `currency`."""

    id = StringField(primary_key=True, default=new_id)
    sku = StringField(required=True, unique=True)
    title = StringField(required=True)
    description = StringField(default="")
    price = LongField(required=True)
    currency = StringField(required=True)
    stock = IntField(required=True)
    created_at = DateTimeField(required=True, default=now)

    meta = {"db_alias": "products", "collection": "products"}  # noqa: RUF012


class ReservedLine(EmbeddedDocument):
    product_id = StringField(required=True)
    quantity = IntField(required=True)


class Reservation(OutboxDocument):
    """What was decided on an order's stock; at most one per order, whose id it has."""

    id = StringField(primary_key=True)
    state = StringField(required=True, choices=["reserved", "rejected"])
    reason = StringField()
    lines = EmbeddedDocumentListField(ReservedLine)
    created_at = DateTimeField(required=True, default=now)

    meta = {"db_alias": "products", "collection": "reservations"}  # noqa: RUF012
