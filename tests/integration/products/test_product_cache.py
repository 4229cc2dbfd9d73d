"""The most frequent reads use Redis, and are never stale after a change by our code."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.builders import a_person, a_product, at
from tidings.platform.caching import cache
from tidings.platform.security.auth import Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id
from tidings.products import product_cache
from tidings.products.errors import ProductNotFound
from tidings.products.fields import ProductSort
from tidings.products.models import Product
from tidings.products.operations import adjust_stock, update_product
from tidings.products.queries import get_product, get_products
from tidings.products.schemas import AdjustStock, ProductView, StockLine, UpdateProduct
from tidings.products.stock import release_stock, reserve_stock

OPERATOR = a_person(Role.OPERATOR)
ANY: PageRequest = PageRequest.model_validate({})


def behind_our_back(product: ProductView, title: str) -> None:
    """Change a product directly in the database; a reader of the old one used the cache."""
    Product.objects(pk=product.id).update_one(set__title=title)


def titles(sort: ProductSort = ProductSort.NEWEST, **page: Any) -> list[str]:
    return [each.title for each in get_products(PageRequest.model_validate(page), sort=sort).items]


def test_product_is_read_from_the_cache() -> None:
    product = a_product(title="Mug")
    get_product(product.id)
    behind_our_back(product, "Cup")
    assert get_product(product.id) == product


def test_operators_read_from_the_database() -> None:
    product = a_product(title="Mug")
    get_product(product.id)
    behind_our_back(product, "Cup")
    assert get_product(product.id, caller=OPERATOR).title == "Cup"
    assert get_products(ANY, caller=OPERATOR).items[0].title == "Cup"


@pytest.mark.parametrize("sort", list(ProductSort))
def test_first_pages_of_any_size_are_read_from_the_cache(sort: ProductSort) -> None:
    products = [a_product(title=f"Mug {n}") for n in range(3)]
    whole = titles(sort)
    for product in products:
        behind_our_back(product, "Cup")
    assert titles(sort) == whole
    assert titles(sort, limit=2) == whole[:2]
    assert get_products(PageRequest.model_validate({"limit": 2}), sort=sort).has_next
    assert titles(sort, limit=2, page=2) == ["Cup"]


def update(product: ProductView, **changes: Any) -> None:
    update_product(
        product.id,
        UpdateProduct.model_validate({"version": 1, **changes}),
        caller=a_person(Role.OPERATOR),
    )


CHANGES: dict[str, Callable[[ProductView], object]] = {
    "title": lambda product: update(product, title="Jug"),
    "price": lambda product: update(product, price={"amount": 1, "currency": "EUR"}),
    "stock": lambda product: adjust_stock(
        product.id, AdjustStock(change=-1, reason="x"), caller=OPERATOR
    ),
    "order": lambda product: reserve_stock(
        new_id(), [StockLine(product_id=product.id, quantity=2)]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_visible_at_once(change: str) -> None:
    product = a_product()
    get_product(product.id), titles()
    CHANGES[change](product)
    now = get_product(product.id, caller=OPERATOR)
    assert now != product
    assert get_product(product.id) == now
    assert get_products(ANY).items == [now]


def test_returned_stock_is_visible_at_once() -> None:
    product, order_id = a_product(stock=2), new_id()
    reserve_stock(order_id, [StockLine(product_id=product.id, quantity=2)])
    assert get_product(product.id).stock == 0
    release_stock(order_id)
    assert get_product(product.id).stock == 2


def test_retired_product_disappears_at_once() -> None:
    kept, retired = a_product(title="Mug"), a_product(title="Cup")
    assert titles() == ["Cup", "Mug"]
    get_product(retired.id)
    update(retired, state="retired")
    assert titles() == [kept.title]
    with pytest.raises(ProductNotFound):
        get_product(retired.id)


def test_new_product_is_listed_at_once() -> None:
    a_product(title="Mug")
    assert titles() == ["Mug"]
    a_product(title="Cup")
    assert titles() == ["Cup", "Mug"]


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(cache, "cache_url", at("redis://127.0.0.1:1/0"))
    for kept in (product_cache.PRODUCTS, product_cache.FIRST_PAGES):
        monkeypatch.setattr(kept._resting, "_until", 0.0)
    cache.service.cache_clear()
    yield
    cache.service.cache_clear()


def test_without_redis_the_catalogue_is_served(no_redis: None) -> None:
    product = a_product(title="Mug")
    assert get_product(product.id) == product
    update(product, title="Cup")
    assert get_product(product.id).title == "Cup"
    assert titles() == ["Cup"]


def test_products_not_on_sale_are_not_in_redis() -> None:
    drafts = [a_product(state=state) for state in ("draft", "retired")]
    for product in drafts:
        get_product(product.id, caller=OPERATOR)
        with pytest.raises(ProductNotFound):
            get_product(product.id)
    get_products(ANY), get_products(ANY, caller=OPERATOR)
    keys = cache.client().keys("*:cache:product*")
    kept = " ".join(str(value) for value in cache.client().mget(keys) if value) if keys else ""
    for product in drafts:
        assert product.id not in kept
        assert product.sku not in kept
