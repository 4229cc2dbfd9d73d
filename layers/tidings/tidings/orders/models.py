"""Documents of the orders database."""

from mongoengine import (
    BooleanField,
    DateTimeField,
    EmbeddedDocumentListField,
    IntField,
    LongField,
    MapField,
    StringField,
)

from tidings.orders.states import Actor, OrderState
from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredPart
from tidings.platform.timing.clock import new_id, now


class OrderItem(StoredPart):
    """A product with its title and price at the time of the order."""

    product_id = StringField(required=True)
    sku = StringField(required=True)
    title = StringField(required=True)
    quantity = IntField(required=True)
    unit_price = LongField(required=True)


class Transition(StoredPart):
    """A step of an order: its state, time, actor and reason, and the event that announced it.

    Steps of older orders have no `event_id`.
    """

    state = StringField(required=True, choices=[state.value for state in OrderState])
    at = DateTimeField(required=True)
    actor = StringField(
        required=True, default=Actor.SHOP.value, choices=[actor.value for actor in Actor]
    )
    # The person's id; None if the shop's software made the step.
    user_id = StringField()
    reason = StringField()
    event_id = StringField()
    # Only if it is not the order's.
    correlation_id = StringField()


class Basket(OutboxDocument):
    """What a person means to order; its id is the person's.

    It is deleted when it is empty or ordered. Each change gives it a new `state`.
    """

    id = StringField(primary_key=True)
    # The pieces of each product, by its id.
    lines = MapField(IntField())
    state = StringField(required=True)
    changed_at = DateTimeField(required=True)
    # The same time, until its owner is reminded of it.
    untouched_since = DateTimeField()
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "orders",
        "collection": "baskets",
        "indexes": [
            {"fields": ["untouched_since"], "sparse": True},
            retention.BASKETS.index(),
        ],
    }


class Order(OutboxDocument):
    """An order; amounts are in minor units of `currency`.

    It stays small: the number of items is limited, no state occurs twice, and events leave the
    outbox. Its id is made at `created_at`: lists of a period rely on that
    (`queries.CREATED_WITHIN`).
    """

    id = StringField(primary_key=True, default=new_id)
    customer_id = StringField(required=True)
    items = EmbeddedDocumentListField(OrderItem, required=True)
    total = LongField(required=True)
    currency = StringField(required=True)
    # Only of orders with a voucher: `total` is after the discount, which stays when the voucher is
    # returned because the order was rejected or cancelled.
    voucher_id = StringField()
    voucher_code = StringField()
    discount = LongField()
    voucher_returned_at = DateTimeField()
    state = StringField(required=True, choices=[state.value for state in OrderState])
    history = EmbeddedDocumentListField(Transition)
    carrier = StringField()
    tracking_number = StringField()
    correlation_id = StringField()
    created_at = DateTimeField(required=True, default=now)
    # The customer's idempotency key, and the digest of the order's content.
    idempotency_key = StringField()
    content_digest = StringField(db_field="idempotency_digest")
    status_announced_for = DateTimeField()
    # Set while an order waits for its stock: the time when the settling job checks it, and whether
    # the job has already published its event again.
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
            # Operators search by the request's id.
            {"fields": ["correlation_id"], "sparse": True},
            {"fields": ["settle_at"], "sparse": True},
            {
                "fields": ["customer_id", "idempotency_key"],
                "unique": True,
                "partialFilterExpression": {"idempotency_key": {"$exists": True}},
            },
            # Orders without a voucher have no entry.
            {
                "fields": ["voucher_id", "-id"],
                "partialFilterExpression": {"voucher_id": {"$exists": True}},
            },
            {
                "fields": ["customer_id", "voucher_id", "-id"],
                "partialFilterExpression": {"voucher_id": {"$exists": True}},
            },
        ],
    }

    @property
    def subtotal(self) -> int:
        """The sum of all items, before the discount."""
        return int(self.total + (self.discount or 0))
