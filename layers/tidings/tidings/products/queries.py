"""Queries of products."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tidings.platform.operation import PUBLIC, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.rows import rows_of
from tidings.products import product_cache
from tidings.products.catalogue import ORDERS, matching, sees_all
from tidings.products.errors import ProductNotFound, StateNotShown
from tidings.products.fields import ProductSort, ProductState
from tidings.products.models import Product, StockMovement
from tidings.products.schemas import Money, ProductFilter, ProductView, StockMovementView

EVERYTHING = ProductFilter.model_validate({})


@operation(
    role=PUBLIC,
    refuses=(ProductNotFound,),
    writes=False,
    generation=product_cache.CATALOGUE,
    note="drafts and retired ones: operator",
)
def get_product(product_id: str, *, caller: Principal | None = None) -> ProductView:
    """Return a product.

    Raises:
        ProductNotFound: it does not exist, or is not active and the caller is not an operator.
    """
    if sees_all(caller):
        product = Product.objects(pk=product_id).first()
        view = None if product is None else view_of(product)
    else:
        view = product_cache.products_on_sale([product_id], _on_sale).get(product_id)
    if view is None:
        raise ProductNotFound(product_id)
    return view


@operation(
    role=PUBLIC,
    refuses=(StateNotShown,),
    writes=False,
    generation=product_cache.CATALOGUE,
    note="drafts and retired ones: operator",
)
def get_products(
    page: PageRequest,
    wanted: ProductFilter = EVERYTHING,
    sort: ProductSort = ProductSort.NEWEST,
    *,
    caller: Principal | None = None,
) -> Page[ProductView]:
    """Return a page of the catalogue; by default everything that the caller may see.

    Operators also see drafts and retired products.

    Raises:
        StateNotShown: a caller who is not an operator asks for products that are not active.
        UnknownCursor: the cursor is malformed, or belongs to another order.
    """

    def read(part: PageRequest) -> Page[ProductView]:
        return paginate(matching(wanted, caller, sort), part, ORDERS[sort]).map(view_of)

    first = page.page == 1 and page.after is None
    if first and not sees_all(caller) and _is_everything(wanted):
        return product_cache.first_page(sort, page.limit, read, _on_sale)
    return read(page)


def get_products_seen_by(
    caller: Principal | None, product_ids: Sequence[str]
) -> dict[str, ProductView]:
    """Return those products that the caller may see, by id.

    Operators get them as they are now. Others get the active ones as the catalogue shows them,
    which is from the cache.
    """
    if sees_all(caller):
        return _read(product_ids)
    return get_products_on_sale(product_ids)


def get_products_by_id(product_ids: Iterable[str]) -> dict[str, ProductView]:
    """Return those products that are active, by id, as they are now."""
    return _read(product_ids, state=ProductState.ACTIVE.value)


def in_category(product_ids: Iterable[str], category: str) -> frozenset[str]:
    """Return those products that have a category, in any state."""
    found = Product.objects(pk__in=list(product_ids), categories=category)
    return frozenset(found.scalar("pk"))


def get_products_on_sale(product_ids: Sequence[str]) -> dict[str, ProductView]:
    """Return those products that are active, by id, as customers see them."""
    return product_cache.products_on_sale(product_ids, _on_sale)


@operation(role=Role.OPERATOR, refuses=(ProductNotFound,), writes=False)
def get_stock_history(
    product_id: str, page: PageRequest, *, caller: Principal
) -> Page[StockMovementView]:
    """Return a page of a product's stock movements, newest first.

    Raises:
        ProductNotFound: the product does not exist.
    """
    if not Product.objects(pk=product_id).only("id").first():
        raise ProductNotFound(product_id)
    moved = StockMovement.objects(product_id=product_id)
    return paginate(moved, page).map(StockMovementView.model_validate)


def view_of(product: Product) -> ProductView:
    price = Money.model_construct(amount=product.price, currency=product.currency)
    values: Mapping[str, Any] = {
        "id": product.id,
        "sku": product.sku,
        "title": product.title,
        "description": product.description,
        "price": price,
        "attributes": dict(product.attributes),
        "categories": list(product.categories),
        "images": list(product.images),
        "stock": product.stock,
        "state": ProductState(product.state),
        "version": product.version,
        "created_at": product.created_at,
        "updated_at": product.updated_at,
    }
    return ProductView.model_construct(**values)


def _on_sale(product_ids: list[str]) -> dict[str, ProductView]:
    return get_products_by_id(product_ids)


def _read(product_ids: Iterable[str], **conditions: str) -> dict[str, ProductView]:
    """Return products by id in one round trip."""
    ids = list(set(product_ids))
    found = Product._get_collection().find(
        {"_id": {"$in": ids}, **conditions}, batch_size=len(ids) + 1
    )
    return {product.id: view_of(product) for product in rows_of(Product, found)}


def _is_everything(wanted: ProductFilter) -> bool:
    asked = {name for name in ProductFilter.model_fields if getattr(wanted, name) is not None}
    return not asked - {"state"} and wanted.state in (None, ProductState.ACTIVE)
