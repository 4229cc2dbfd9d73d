"""What moves stock, inside a transaction: the pieces, their history, and what is announced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from tidings.platform import outbox
from tidings.platform.events import Event
from tidings.platform.outbox import OutboxEntry
from tidings.products import shelf
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
    """Why stock moves."""

    kind: MovementKind
    reason: str
    actor_id: str | None = None
    order_id: str | None = None


@dataclass(frozen=True)
class Moved:
    """A product after its stock moved, with the event of that in its outbox, if there is one."""

    product: Product
    movement: StockMovement


def move(product_id: str, change: int, cause: Cause, session: ClientSession) -> Moved | None:
    """Change a product's stock; None where there is no such product or not enough of it."""
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
    """Store the history of what moved, and its events beside the products."""
    if not moved:
        return
    movements = [each.movement.to_mongo() for each in moved]
    StockMovement._get_collection().insert_many(movements, session=session)
    for each in moved:
        for entry in each.product.outbox:
            Product._get_collection().update_one(
                {"_id": each.product.pk}, {"$push": {"outbox": entry.to_mongo()}}, session=session
            )


def note(moved: Iterable[Moved]) -> None:
    """After the transaction: let the events be published, and the cache forget the stock."""
    products = [each.product for each in moved]
    for product in products:
        outbox.note_stored(product)
    shelf.forget_products([product.pk for product in products])


def _room_for(change: int, cause: Cause) -> dict[str, Any]:
    if change < 0:
        return {"stock": {"$gte": -change}}
    # What an order gives back was here before.
    return {"stock": {"$lte": MAX_STOCK - change}} if cause.kind is MovementKind.ADJUSTED else {}


def _crossing(product: Product, change: int) -> Event | None:
    """Return the event of a product on sale that ran out or came back with this change."""
    before, after = product.stock - change, product.stock
    if product.state != ProductState.ACTIVE.value or bool(before) == bool(after):
        return None
    named = {"product_id": product.pk, "sku": product.sku, "title": product.title}
    if after == 0:
        return ProductOutOfStock(subject=product.pk, data=ProductOutOfStockData(**named))
    data = ProductBackInStockData(**named, stock=after)
    return ProductBackInStock(subject=product.pk, data=data)
