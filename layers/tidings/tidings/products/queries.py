"""What can be asked about products."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tidings.platform.auth import Principal
from tidings.platform.pagination import Page, PageRequest, paginate
from tidings.products import shelf
from tidings.products.catalogue import ORDERS, matching, sees_all
from tidings.products.errors import ProductNotFound
from tidings.products.fields import ProductSort, ProductState
from tidings.products.models import Product, StockMovement
from tidings.products.schemas import Money, ProductFilter, ProductView, StockMovementView

EVERYTHING = ProductFilter.model_validate({})


def get_product(product_id: str, *, caller: Principal | None = None) -> ProductView:
    """Return a product.

    Raises:
        ProductNotFound: there is none, or it is not on sale and the caller is no operator.
    """
    if sees_all(caller):
        product = Product.objects(pk=product_id).first()
        view = None if product is None else view_of(product)
    else:
        view = shelf.products_on_sale([product_id], _on_sale).get(product_id)
    if view is None:
        raise ProductNotFound(product_id)
    return view


def get_products(
    page: PageRequest,
    wanted: ProductFilter = EVERYTHING,
    sort: ProductSort = ProductSort.NEWEST,
    *,
    caller: Principal | None = None,
) -> Page[ProductView]:
    """Return a page of what is wanted of the catalogue; all that is on sale unless told else.

    Operators see drafts and retired products, too.

    Raises:
        StateNotShown: a customer or stranger asks for other than active products.
        UnknownCursor: the cursor is not one of ours, or of another order.
    """

    def read(part: PageRequest) -> Page[ProductView]:
        return paginate(matching(wanted, caller), part, ORDERS[sort]).map(view_of)

    first = page.page == 1 and page.after is None
    if first and not sees_all(caller) and _is_everything(wanted):
        return shelf.first_page(sort, page.limit, read, _on_sale)
    return read(page)


def get_products_by_id(
    product_ids: Iterable[str], *, caller: Principal | None = None
) -> dict[str, ProductView]:
    """Return those of the products that the caller sees, by id, in one round trip.

    Without a caller: those that are on sale, as they are now.
    """
    ids = list(set(product_ids))
    found = Product.objects(pk__in=ids).batch_size(len(ids) + 1)
    if not sees_all(caller):
        found = found.filter(state=ProductState.ACTIVE.value)
    return {product.id: view_of(product) for product in found}


def in_category(product_ids: Iterable[str], category: str) -> frozenset[str]:
    """Return those of the products that are of a category, whatever their state."""
    found = Product.objects(pk__in=list(product_ids), categories=category)
    return frozenset(found.scalar("pk"))


def get_products_on_sale(product_ids: Sequence[str]) -> dict[str, ProductView]:
    """Return those of the products that are on sale, by id, as customers see them."""
    return shelf.products_on_sale(product_ids, _on_sale)


def get_stock_history(product_id: str, page: PageRequest) -> Page[StockMovementView]:
    """Return a page of what moved a product's stock, newest first.

    Raises:
        ProductNotFound: there is no such product.
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


def _is_everything(wanted: ProductFilter) -> bool:
    asked = {name for name in ProductFilter.model_fields if getattr(wanted, name) is not None}
    return not asked - {"state"} and wanted.state in (None, ProductState.ACTIVE)
