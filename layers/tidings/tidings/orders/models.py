"""Documents of the orders' database."""

from mongoengine import (
    BooleanField,
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    LongField,
    StringField,
)

from tidings.orders.states import Actor, OrderState
from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument


class OrderItem(EmbeddedDocument):
    """Title and price as they were when the order was placed."""

    product_id = StringField(required=True)
    sku = StringField(required=True)
    title = StringField(required=True)
    quantity = IntField(required=True)
    unit_price = LongField(required=True)


class Transition(EmbeddedDocument):
    """A step of an order: where to, when, by whom and why."""

    state = StringField(required=True, choices=[state.value for state in OrderState])
    at = DateTimeField(required=True)
    actor = StringField(
        required=True, default=Actor.SHOP.value, choices=[actor.value for actor in Actor]
    )
    # The person's id; there is none where the shop's own machinery took the step.
    user_id = StringField()
    reason = StringField()


class Order(OutboxDocument):
    """An order; amounts are in minor units of `currency`.

    It stays small: items are limited, no state comes twice, and events leave the outbox.
    """

    id = StringField(primary_key=True, default=new_id)
    customer_id = StringField(required=True)
    items = EmbeddedDocumentListField(OrderItem, required=True)
    total = LongField(required=True)
    currency = StringField(required=True)
    state = StringField(required=True, choices=[state.value for state in OrderState])
    history = EmbeddedDocumentListField(Transition)
    carrier = StringField()
    tracking_number = StringField()
    correlation_id = StringField()
    created_at = DateTimeField(required=True, default=now)
    # A customer's key for one placing, and what was placed with it.
    idempotency_key = StringField()
    idempotency_digest = StringField()
    status_announced_for = DateTimeField()
    # While an order waits for word of its stock: when the settling job looks at it, and
    # whether the job has asked again already.
    settle_at = DateTimeField()
    asked_again = BooleanField()
    stock_released_at = DateTimeField()

    meta = {  # noqa: RUF012
        "db_alias": "orders",
        "collection": "orders",
        "indexes": [
            ("customer_id", "-id"),
            ("state", "-id"),
            ("state", "status_announced_for"),
            "created_at",
            {"fields": ["settle_at"], "sparse": True},
            {
                "fields": ["customer_id", "idempotency_key"],
                "unique": True,
                "partialFilterExpression": {"idempotency_key": {"$exists": True}},
            },
        ],
    }
