"""Operations on products."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mongoengine import NotUniqueError

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.database import in_transaction
from tidings.platform.timing.clock import now
from tidings.products import product_cache
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
from tidings.products.fields import MAX_STOCK, MovementKind, ProductState
from tidings.products.models import Product
from tidings.products.movements import Cause, Moved, move, note, record
from tidings.products.queries import get_product, view_of
from tidings.products.schemas import (
    AdjustStock,
    CreateProduct,
    ProductView,
    UpdateProduct,
)

# A product that was on sale never becomes a draft again, because orders refer to it.
NEXT_STATES: Final = {
    ProductState.DRAFT: {ProductState.ACTIVE, ProductState.RETIRED},
    ProductState.ACTIVE: {ProductState.RETIRED},
    ProductState.RETIRED: {ProductState.ACTIVE},
}
# The fields whose values the audit trail shows; of others it shows that they changed.
TOLD: Final = ("title", "price", "currency", "state", "categories")
TEXTS: Final = ("description", "attributes", "images")
CHANGEABLE: Final = (
    "title",
    "description",
    "price",
    "currency",
    "attributes",
    "categories",
    "images",
    "state",
    # Derived from the others.
    "price_key",
    "title_key",
    "words",
    "price_groups",
    "keys_version",
)


@operation(role=Role.ADMIN, refuses=(SkuTaken,))
def create_product(new: CreateProduct, *, caller: Principal) -> ProductView:
    """Add a product to the catalogue.

    Raises:
        SkuTaken: another product has this SKU.
    """
    product = product_of(new)
    try:
        product.save(force_insert=True)
    except NotUniqueError:
        raise SkuTaken(new.sku) from None
    product_cache.forget_pages()
    acts.changed(after={name: getattr(product, name) for name in (*TOLD, "sku", "stock")})
    logger.info("product created", product_id=product.id, sku=product.sku, by=caller.user_id)
    return view_of(product)


@operation(role=Role.OPERATOR, refuses=(ProductNotFound, StaleVersion, ImpossibleState))
def update_product(product_id: str, wanted: UpdateProduct, *, caller: Principal) -> ProductView:
    """Change a product, if it still has the version that the change is based on.

    Raises:
        ProductNotFound: the product does not exist.
        StaleVersion: the product changed meanwhile.
        ImpossibleState: its state does not allow the new state.
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
    """Apply a change to a product as it was read; return None if nothing changes.

    Raises:
        StaleVersion: the product changed meanwhile.
        ImpossibleState: its state does not allow the new state.
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
    product_cache.forget_products([product.id])
    product_cache.forget_pages()
    _tell(before, after, product.version, changed.version)
    logger.info("product changed", product_id=product.id, version=changed.version)
    return changed


@operation(role=Role.OPERATOR, refuses=(ProductNotFound, NotEnoughStock, TooMuchStock))
def adjust_stock(product_id: str, wanted: AdjustStock, *, caller: Principal) -> ProductView:
    """Add or remove pieces, and record the operator and the reason.

    Raises:
        ProductNotFound: the product does not exist.
        NotEnoughStock: the stock would fall below zero; it does not change.
        TooMuchStock: the stock would exceed its maximum; it does not change.
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
    stock = moved[0].product.stock
    acts.changed({"stock": stock - wanted.change}, {"stock": stock})
    logger.info("stock adjusted", product_id=product_id, change=wanted.change)
    return product.model_copy(update={"stock": stock})


def product_of(new: CreateProduct) -> Product:
    """Return the document of a new product, without storing it."""
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


def _tell(
    before: Mapping[str, Any], after: Mapping[str, Any], version: int, next_version: int
) -> None:
    """Tell the audit trail what changed."""
    texts = [name for name in TEXTS if before[name] != after[name]]
    acts.changed(
        {name: before[name] for name in TOLD} | {"version": version},
        {name: after[name] for name in TOLD}
        | {"version": next_version}
        | ({"also_changed": texts} if texts else {}),
    )


def _price_drop(product: Product, before: Mapping[str, Any]) -> list[Event]:
    """Return the event of a product that was active, still is, and is cheaper now."""
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
