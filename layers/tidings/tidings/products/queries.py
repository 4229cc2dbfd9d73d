"""What can be asked about products."""

from collections.abc import Iterable

from tidings.platform.pagination import Page, PageRequest, paginate
from tidings.products.models import Product
from tidings.products.schemas import Money, ProductView


def get_products(page: PageRequest) -> Page[ProductView]:
    """Return a page of the catalogue, newest first."""
    return paginate(Product.objects, page).map(view_of)


def get_products_by_id(product_ids: Iterable[str]) -> dict[str, ProductView]:
    """Return those of the products that exist, by id, in one round trip."""
    ids = list(set(product_ids))
    found = Product.objects(pk__in=ids).batch_size(len(ids) + 1)
    return {product.id: view_of(product) for product in found}


def view_of(product: Product) -> ProductView:
    return ProductView(
        id=product.id,
        sku=product.sku,
        title=product.title,
        description=product.description,
        price=Money(amount=product.price, currency=product.currency),
        stock=product.stock,
        created_at=product.created_at,
    )
