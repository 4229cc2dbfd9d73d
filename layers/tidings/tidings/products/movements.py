"""Move stock inside a transaction: change the stock, its history, and store the events."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from pymongo import ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession

from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event, handling
from tidings.platform.messaging.outbox import OutboxEntry, Stored
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id, now
from tidings.products import product_cache
from tidings.products.events import (
    ProductBackInStock,
    ProductBackInStockData,
    ProductOutOfStock,
    ProductOutOfStockData,
)
from tidings.products.fields import MAX_STOCK, MovementKind, ProductState
from tidings.products.models import Product, StockMovement

# The fields that a movement reads.
STATE_FIELDS: Final = ["sku", "title", "stock", "state"]


@dataclass(frozen=True)
class Cause:
    """The cause of a stock movement."""

    kind: MovementKind
    reason: str
    actor_id: str | None = None
    order_id: str | None = None


@dataclass
class MovedProduct:
    """A product after its stock movements, with the event of the last one, if any."""

    id: str
    sku: str
    title: str
    stock: int
    # Products of the first version have none.
    state: str | None
    event: OutboxEntry | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            id=stored["_id"],
            sku=stored["sku"],
            title=stored["title"],
            stock=stored["stock"],
            state=stored.get("state"),
        )


@dataclass(frozen=True)
class Moved:
    """A product after a stock movement, and the movement in its stored form."""

    product: MovedProduct
    movement: dict[str, Any]


def move(product_id: str, change: int, cause: Cause, session: ClientSession) -> Moved | None:
    """Change a product's stock; return None if it does not exist or has not enough stock."""
    changed = Product._get_collection().find_one_and_update(
        {"_id": product_id, **_room_for(change, cause)},
        {"$inc": {"stock": change}},
        projection=STATE_FIELDS,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if changed is None:
        return None
    product = MovedProduct.of(changed)
    _announce(product, change)
    return Moved(product, _movement(product_id, change, product.stock, cause))


def move_for_orders(
    wanted: Mapping[str, Mapping[str, int]],
    causes: Mapping[str, Event],
    session: ClientSession,
) -> list[Moved] | None:
    """Take the stock of orders, in two commands; return None if there is not enough for all.

    Args:
        wanted: by order its pieces by product.
        causes: by order the event that is handled.
    """
    total: Counter[str] = Counter()
    for pieces in wanted.values():
        total.update(pieces)
    # In a fixed order, so that two transactions do not deadlock.
    updates = [
        UpdateOne({"_id": product_id, "stock": {"$gte": number}}, {"$inc": {"stock": -number}})
        for product_id, number in sorted(total.items())
    ]
    products = Product._get_collection()
    with database.writing_many(len(updates)):
        taken = products.bulk_write(updates, session=session)
    if taken.modified_count < len(updates):
        return None
    found = products.find({"_id": {"$in": list(total)}}, STATE_FIELDS, session=session)
    after = {each["_id"]: MovedProduct.of(each) for each in found}
    left = {product_id: each.stock + total[product_id] for product_id, each in after.items()}
    moved = []
    for order_id, pieces in wanted.items():
        cause = Cause(MovementKind.RESERVED, "ordered", order_id=order_id)
        for product_id, number in pieces.items():
            product = after[product_id]
            left[product_id] -= number
            if left[product_id] == 0:
                with handling(causes[order_id]):
                    _announce(product, -total[product_id])
            moved.append(Moved(product, _movement(product_id, -number, left[product_id], cause)))
    return moved


def record(moved: Sequence[Moved], session: ClientSession) -> None:
    """Store the history of stock movements, and their events in the products."""
    if not moved:
        return
    movements = [each.movement for each in moved]
    with database.writing_many(len(movements)):
        StockMovement._get_collection().insert_many(movements, session=session)
    for product in _products(moved):
        if product.event:
            Product._get_collection().update_one(
                {"_id": product.id},
                {"$push": {"outbox": product.event.to_mongo()}},
                session=session,
            )


def note(moved: Iterable[Moved]) -> None:
    """After the transaction, note the events for publishing, and clear the products' cache."""
    products = _products(moved)
    for product in products:
        if product.event:
            outbox.note(Stored(Product, product.id, [product.event]))
    product_cache.forget_products([product.id for product in products])


def _products(moved: Iterable[Moved]) -> list[MovedProduct]:
    """Return each product of these movements once."""
    return list({each.product.id: each.product for each in moved}.values())


def _movement(product_id: str, change: int, stock_after: int, cause: Cause) -> dict[str, Any]:
    """Return a `StockMovement` in its stored form."""
    moved = {
        "_id": new_id(),
        "product_id": product_id,
        "kind": cause.kind.value,
        "change": change,
        "stock_after": stock_after,
        "reason": cause.reason,
        "actor_id": cause.actor_id,
        "order_id": cause.order_id,
        "created_at": now(),
    }
    return {name: value for name, value in moved.items() if value is not None}


def _announce(product: MovedProduct, change: int) -> None:
    """Give a changed product the event of its movement, if there is one."""
    event = _crossing(product, change)
    product.event = OutboxEntry.of(event) if event else None


def _room_for(change: int, cause: Cause) -> dict[str, Any]:
    if change < 0:
        return {"stock": {"$gte": -change}}
    # Released stock was in stock before, so it always fits.
    return {"stock": {"$lte": MAX_STOCK - change}} if cause.kind is MovementKind.ADJUSTED else {}


def _crossing(product: MovedProduct, change: int) -> Event | None:
    """Return the event of an active product that ran out or is back in stock with this change."""
    before, after = product.stock - change, product.stock
    if product.state != ProductState.ACTIVE.value or bool(before) == bool(after):
        return None
    named = {"product_id": product.id, "sku": product.sku, "title": product.title}
    if after == 0:
        return ProductOutOfStock(subject=product.id, data=ProductOutOfStockData(**named))
    data = ProductBackInStockData(**named, stock=after)
    return ProductBackInStock(subject=product.id, data=data)
