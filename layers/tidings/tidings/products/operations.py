"""What can be done with products."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mongoengine import NotUniqueError

from tidings.platform import outbox
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.database import in_transaction
from tidings.platform.events import Event
from tidings.platform.logging import logger
from tidings.products import shelf
from tidings.products.catalogue import prepare
from tidings.products.errors import (
    ImpossibleState,
    NotEnoughStock,
    ProductNotFound,
    SkuTaken,
    StaleVersion,
    TooMuchStock,
)
from tidings.products.events import ProductPriceDropped, ProductPriceDroppedData
from tidings.products.fields import MAX_STOCK, ProductState
from tidings.products.models import Product
from tidings.products.movements import Cause, Moved, move, note, record
from tidings.products.queries import get_product, view_of
from tidings.products.schemas import (
    AdjustStock,
    CreateProduct,
    MovementKind,
    ProductView,
    UpdateProduct,
)

# What was on sale once never becomes a draft again: orders name it.
NEXT_STATES: Final = {
    ProductState.DRAFT: {ProductState.ACTIVE, ProductState.RETIRED},
    ProductState.ACTIVE: {ProductState.RETIRED},
    ProductState.RETIRED: {ProductState.ACTIVE},
}
CHANGEABLE: Final = (
    "title",
    "description",
    "price",
    "currency",
    "attributes",
    "categories",
    "images",
    "state",
    # What follows from them.
    "price_key",
    "title_key",
    "words",
)


def create_product(new: CreateProduct) -> ProductView:
    """Add a product to the catalogue.

    Raises:
        SkuTaken: another product has this SKU.
    """
    product = product_of(new)
    try:
        product.save(force_insert=True)
    except NotUniqueError:
        raise SkuTaken(new.sku) from None
    shelf.forget_pages()
    logger.info("product created", product_id=product.id, sku=product.sku)
    return view_of(product)


def update_product(product_id: str, wanted: UpdateProduct) -> ProductView:
    """Change a product, if it is still at the version that the change was made for.

    Raises:
        ProductNotFound: there is none.
        StaleVersion: somebody changed it meanwhile.
        ImpossibleState: it cannot come to that state from where it is.
    """
    product = Product.objects(pk=product_id).first()
    if product is None:
        raise ProductNotFound(product_id)
    if product.version != wanted.version:
        raise StaleVersion(product.version)
    return view_of(change_product(product, wanted) or product)


def change_product(
    product: Product, wanted: UpdateProduct, at: datetime | None = None
) -> Product | None:
    """Store what becomes of a product as it was read; None where nothing is to be changed.

    Raises:
        StaleVersion: somebody changed it meanwhile.
        ImpossibleState: it cannot come to that state from where it is.
    """
    before = _stored_values(product)
    _apply(product, wanted)
    after = _stored_values(product)
    changes = {f"set__{name}": after[name] for name in CHANGEABLE if after[name] != before[name]}
    if not changes:
        return None
    changed = outbox.change(
        Product.objects(pk=product.id, version=product.version),
        *_price_drop(product, before),
        set__updated_at=at or now(),
        inc__version=1,
        **changes,
    )
    if changed is None:
        raise StaleVersion(Product.objects.only("version").get(pk=product.id).version)
    shelf.forget_products([product.id])
    shelf.forget_pages()
    logger.info("product changed", product_id=product.id, version=changed.version)
    return changed


def adjust_stock(product_id: str, wanted: AdjustStock, *, caller: Principal) -> ProductView:
    """Count pieces in or out, and keep who did it and why.

    Raises:
        ProductNotFound: there is no such product.
        NotEnoughStock, TooMuchStock: the stock would leave its bounds; it stays as it is.
    """
    cause = Cause(MovementKind.ADJUSTED, wanted.reason, actor_id=caller.user_id)

    def work(session: Any) -> list[Moved]:
        moved = move(product_id, wanted.change, cause, session)
        record([moved] if moved else [], session)
        return [moved] if moved else []

    moved = in_transaction(work)
    note(moved)
    product = get_product(product_id, caller=caller)
    if not moved:
        raise NotEnoughStock(product.stock) if wanted.change < 0 else TooMuchStock(MAX_STOCK)
    logger.info("stock adjusted", product_id=product_id, change=wanted.change)
    return product.model_copy(update={"stock": moved[0].product.stock})


def product_of(new: CreateProduct) -> Product:
    """Return the document of a new product, not stored yet."""
    values = new.model_dump(exclude={"price", "state"})
    product = Product(
        **values,
        price=new.price.amount,
        currency=new.price.currency,
        state=new.state.value,
    )
    return prepare(product)


def _apply(product: Product, wanted: UpdateProduct) -> None:
    given = wanted.model_dump(exclude={"version", "price", "state"}, exclude_none=True)
    for name, value in given.items():
        setattr(product, name, value)
    if wanted.price is not None:
        product.price, product.currency = wanted.price.amount, wanted.price.currency
    if wanted.state is not None and wanted.state.value != product.state:
        if wanted.state not in NEXT_STATES[ProductState(product.state)]:
            raise ImpossibleState(product.state, wanted.state.value)
        product.state = wanted.state.value
    prepare(product)


def _stored_values(product: Product) -> dict[str, Any]:
    values = {name: getattr(product, name) for name in CHANGEABLE}
    values["attributes"] = dict(values["attributes"])
    return {name: list(v) if isinstance(v, list) else v for name, v in values.items()}


def _price_drop(product: Product, before: Mapping[str, Any]) -> list[Event]:
    """Return the event of a product that was on sale, still is, and costs less now."""
    on_sale = {product.state, before["state"]} == {ProductState.ACTIVE.value}
    old_price: int = before["price"]
    if not on_sale or product.currency != before["currency"] or product.price >= old_price:
        return []
    data = ProductPriceDroppedData(
        product_id=product.id,
        sku=product.sku,
        title=product.title,
        old_price=old_price,
        new_price=product.price,
        currency=product.currency,
    )
    return [ProductPriceDropped(subject=product.id, data=data)]
