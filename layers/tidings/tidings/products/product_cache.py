"""A Redis cache of active products, and of the first page in each order.

It holds only data that everyone may see. Pages are cached as ids, so a stock movement affects only
its product, not the pages.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tidings.platform.caching.cache import Load, ReadThrough
from tidings.platform.caching.generation import Generation
from tidings.platform.retention import in_redis
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import MAX_PAGE_SIZE, Page, PageRequest
from tidings.products.fields import ProductSort
from tidings.products.schemas import ProductView

# Stale data lives at most this long, if Redis was unavailable during a change.


class FirstPage(Schema):
    """The first products of the catalogue in one order; as many as the largest page has."""

    ids: list[str]
    cursors: list[str]
    total: int
    has_more: bool


PRODUCTS: Final = ReadThrough("product", ProductView, ttl_seconds=in_redis.KEPT_PRODUCTS.seconds)
FIRST_PAGES: Final = ReadThrough(
    "products.first", FirstPage, ttl_seconds=in_redis.FIRST_PAGES.seconds
)
# Changes with every product that everyone may see, and with their stock.
CATALOGUE: Final = Generation("catalogue")
LARGEST: Final = PageRequest.model_validate({"limit": MAX_PAGE_SIZE})


def products_on_sale(product_ids: Sequence[str], load: Load[ProductView]) -> dict[str, ProductView]:
    """Return those products that are active; `load` reads them from the database."""
    return PRODUCTS.get_many(product_ids, load)


def first_page(
    sort: ProductSort,
    limit: int,
    load_page: Callable[[PageRequest], Page[ProductView]],
    load_products: Load[ProductView],
) -> Page[ProductView]:
    """Return the first page of active products; the two functions read from the database."""
    first = FIRST_PAGES.get(sort.value, lambda: _kept(load_page(LARGEST)))
    assert first is not None
    ids = first.ids[:limit]
    views = products_on_sale(ids, load_products)
    shown = [(views[each], first.cursors[n]) for n, each in enumerate(ids) if each in views]
    return Page[ProductView](
        items=[view for view, _ in shown],
        cursors=[cursor for _, cursor in shown],
        count=lambda: first.total,
        limit=limit,
        page=1,
        has_next=first.has_more or len(first.ids) > limit,
        has_previous=False,
    )


def forget_products(product_ids: Iterable[str]) -> None:
    """Remove changed products from the cache."""
    PRODUCTS.forget(product_ids, CATALOGUE.key)


def forget_pages() -> None:
    """Remove the first pages from the cache, because their products or order changed."""
    FIRST_PAGES.forget([sort.value for sort in ProductSort], CATALOGUE.key)


def _kept(page: Page[ProductView]) -> FirstPage:
    return FirstPage(
        ids=[each.id for each in page.items],
        cursors=page.cursors,
        total=page.counted,
        has_more=page.has_next,
    )
