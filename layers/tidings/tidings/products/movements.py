"""Move stock inside a transaction: change the stock, its history, and store the events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.storage import database
from tidings.products import product_cache
from tidings.products.events import (
    ProductBackInStock,
    ProductBackInStockData,
    ProductOutOfStock,
    ProductOutOfStockData,
)
from tidings.products.fields import MAX_STOCK, ProductState
from tidings.products.models import Product, StockMovement
from tidings.products.schemas import MovementKind


@dataclass(frozen=True)
class Cause:
    """The cause of a stock movement."""

    kind: MovementKind
    reason: str
    actor_id: str | None = None
    order_id: str | None = None


@dataclass(frozen=True)
class Moved:
    """A product after a stock movement; its outbox holds the event of the movement, if any."""

    product: Product
    movement: StockMovement


def move(product_id: str, change: int, cause: Cause, session: ClientSession) -> Moved | None:
    """Change a product's stock; return None if it does not exist or has not enough stock."""
    changed = Product._get_collection().find_one_and_update(
        {"_id": product_id, **_room_for(change, cause)},
        {"$inc": {"stock": change}},
        projection=["sku", "title", "stock", "state"],
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if changed is None:
        return None
    product = Product._from_son(changed)
    event = _crossing(product, change)
    product.outbox = [OutboxEntry.of(event)] if event else []
    movement = StockMovement(
        product_id=product_id,
        change=change,
        stock_after=product.stock,
        **vars(cause),
    )
    return Moved(product, movement)


def record(moved: Sequence[Moved], session: ClientSession) -> None:
    """Store the history of stock movements, and their events in the products."""
    if not moved:
        return
    movements = [each.movement.to_mongo() for each in moved]
    with database.writing_many(len(movements)):
        StockMovement._get_collection().insert_many(movements, session=session)
    for each in moved:
        for entry in each.product.outbox:
            Product._get_collection().update_one(
                {"_id": each.product.pk}, {"$push": {"outbox": entry.to_mongo()}}, session=session
            )


def note(moved: Iterable[Moved]) -> None:
    """After the transaction, note the events for publishing, and clear the products' cache."""
    products = [each.product for each in moved]
    for product in products:
        outbox.note_stored(product)
    product_cache.forget_products([product.pk for product in products])


def _room_for(change: int, cause: Cause) -> dict[str, Any]:
    if change < 0:
        return {"stock": {"$gte": -change}}
    # Released stock was in stock before, so it always fits.
    return {"stock": {"$lte": MAX_STOCK - change}} if cause.kind is MovementKind.ADJUSTED else {}


def _crossing(product: Product, change: int) -> Event | None:
    """Return the event of an active product that ran out or is back in stock with this change."""
    before, after = product.stock - change, product.stock
    if product.state != ProductState.ACTIVE.value or bool(before) == bool(after):
        return None
    named = {"product_id": product.pk, "sku": product.sku, "title": product.title}
    if after == 0:
        return ProductOutOfStock(subject=product.pk, data=ProductOutOfStockData(**named))
    data = ProductBackInStockData(**named, stock=after)
    return ProductBackInStock(subject=product.pk, data=data)
