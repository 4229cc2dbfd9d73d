"""Documents of the orders' database."""

from enum import StrEnum

from mongoengine import (
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    LongField,
    StringField,
)

from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument


class OrderState(StrEnum):
    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


# States in which a customer is kept informed day by day.
OPEN_STATES = (OrderState.CONFIRMED,)


class OrderItem(EmbeddedDocument):
    """Title and price as they were when the order was placed."""

    product_id = StringField(required=True)
    sku = StringField(required=True)
    title = StringField(required=True)
    quantity = IntField(required=True)
    unit_price = LongField(required=True)


class Transition(EmbeddedDocument):
    state = StringField(required=True, choices=[state.value for state in OrderState])
    at = DateTimeField(required=True)
    reason = StringField()


class Order(OutboxDocument):
    """An order; amounts are in minor units of `currency`."""

    id = StringField(primary_key=True, default=new_id)
    customer_id = StringField(required=True)
    items = EmbeddedDocumentListField(OrderItem, required=True)
    total = LongField(required=True)
    currency = StringField(required=True)
    state = StringField(required=True, choices=[state.value for state in OrderState])
    history = EmbeddedDocumentListField(Transition)
    correlation_id = StringField()
    created_at = DateTimeField(required=True, default=now)
    status_announced_for = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "orders",
        "collection": "orders",
        "indexes": [("customer_id", "-id"), ("state", "status_announced_for")],
    }
