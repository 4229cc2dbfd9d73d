"""Documents of the products database."""

from mongoengine import (
    DateTimeField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    LongField,
    MapField,
    StringField,
)

from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument, StoredPart
from tidings.platform.timing.clock import new_id, now
from tidings.products.fields import MovementKind, ProductState


class Product(OutboxDocument):
    """A product of the shop. `price` is in minor units of `currency`.

    `version` counts changes of the product's data, but not of its stock. `price_key`, `title_key`,
    `words` and `price_groups` are derived (`catalogue.py`); lists are sorted by them and searched
    in them.
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
    # The currency and the bands of the price, alone and in each category. Products of an earlier
    # release have none.
    price_groups = ListField(StringField())
    # The `search_keys.KEYS_VERSION` of the keys; older keys are computed again.
    keys_version = IntField()
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
            ("state", "price_groups", "-id"),
            ("state", "price_groups", "title_key"),
            # For ranges of few products, much narrower than a band.
            ("state", "price"),
            # Few products are sold out, so the index is small. Only a stock that reaches or leaves
            # zero changes it.
            {
                "fields": ["state", "-id"],
                "partialFilterExpression": {"stock": 0},
                "name": "sold_out",
            },
            ("state", "words"),
            "keys_version",
        ],
    }


class StockMovement(StoredDocument):
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


class StockSubscription(StoredDocument):
    """A person or a guest who wants to know when a product is in stock again.

    It ends with the message. Its id consists of both ids, so there is at most one.
    """

    id = StringField(primary_key=True)
    product_id = StringField(required=True)
    user_id = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "products",
        "collection": "stock_subscriptions",
        "indexes": [
            ("product_id", "user_id"),
            ("user_id", "-id"),
            retention.STOCK_SUBSCRIPTIONS.index(),
        ],
    }


class ReservedLine(StoredPart):
    product_id = StringField(required=True)
    quantity = IntField(required=True)


class Reservation(OutboxDocument):
    """The decision on an order's stock; its id is the order's, so there is at most one.

    A `released` reservation without lines means that the order was cancelled before its stock was
    requested.
    """

    id = StringField(primary_key=True)
    state = StringField(required=True, choices=["reserved", "rejected", "released"])
    reason = StringField()
    lines = EmbeddedDocumentListField(ReservedLine)
    created_at = DateTimeField(required=True, default=now)

    meta = {"db_alias": "products", "collection": "reservations"}  # noqa: RUF012
