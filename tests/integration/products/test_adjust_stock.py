"""Stock is adjusted with a reason, never below zero, and every movement is kept."""

from typing import Any

import pytest

from tests.integration.builders import a_person, a_product, at_once, stock_of
from tests.integration.products.announced import announced, announced_events
from tidings.platform.security.auth import Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id
from tidings.products.errors import NotEnoughStock, ProductNotFound, TooMuchStock
from tidings.products.models import Product, StockMovement
from tidings.products.operations import adjust_stock
from tidings.products.queries import get_product, get_stock_history
from tidings.products.schemas import AdjustStock, ProductView, StockLine, StockMovementView
from tidings.products.stock import release_stock, reserve_stock

OPERATOR = a_person(Role.OPERATOR)


def adjust(product: ProductView, change: int, reason: str = "counted") -> ProductView:
    return adjust_stock(product.id, AdjustStock(change=change, reason=reason), caller=OPERATOR)


def history_of(product: ProductView, **page: Any) -> list[StockMovementView]:
    return get_stock_history(
        product.id, PageRequest.model_validate(page), caller=a_person(Role.OPERATOR)
    ).items


def test_pieces_are_added_and_removed() -> None:
    product = a_product(stock=3)
    assert adjust(product, 4).stock == 7
    assert adjust(product, -7).stock == 0
    assert stock_of(product) == 0


def test_every_movement_is_kept_with_person_and_reason() -> None:
    product = a_product(stock=3)
    adjust(product, 5, "delivery 17")
    adjust(product, -2, "broken")
    order_id = new_id()
    reserve_stock(order_id, [StockLine(product_id=product.id, quantity=1)])
    release_stock(order_id)
    told = [(each.kind, each.change, each.stock_after, each.reason) for each in history_of(product)]
    assert told == [
        ("released", 1, 6, "order cancelled"),
        ("reserved", -1, 5, "ordered"),
        ("adjusted", -2, 6, "broken"),
        ("adjusted", 5, 8, "delivery 17"),
    ]
    assert [each.actor_id for each in history_of(product)][2:] == [OPERATOR.user_id] * 2
    assert [each.order_id for each in history_of(product)][:2] == [order_id] * 2


def test_history_is_paginated() -> None:
    product = a_product(stock=3)
    adjust(a_product(), 1)
    for _ in range(3):
        adjust(product, 1)
    assert [each.stock_after for each in history_of(product, limit=2)] == [6, 5]
    assert [each.stock_after for each in history_of(product, limit=2, page=2)] == [4]


def test_stock_never_falls_below_zero_and_a_refusal_adds_no_movement() -> None:
    product = a_product(stock=3)
    with pytest.raises(NotEnoughStock, match="it is 3"):
        adjust(product, -4)
    assert stock_of(product) == 3
    assert history_of(product) == []
    assert announced() == []


def test_stock_never_rises_above_its_limit() -> None:
    product = a_product(stock=999_999)
    with pytest.raises(TooMuchStock):
        adjust(product, 2)
    assert stock_of(product) == 999_999
    assert StockMovement.objects.count() == 0


def test_unknown_product_is_not_found() -> None:
    with pytest.raises(ProductNotFound):
        adjust_stock(new_id(), AdjustStock(change=1, reason="x"), caller=OPERATOR)
    with pytest.raises(ProductNotFound):
        get_stock_history(new_id(), PageRequest.model_validate({}), caller=a_person(Role.OPERATOR))


def test_twenty_concurrent_adjustments_take_no_more_than_the_stock() -> None:
    product = a_product(stock=7)

    def take() -> bool:
        try:
            return bool(adjust(product, -1))
        except NotEnoughStock:
            return False

    assert sum(at_once([take] * 20)) == 7
    assert stock_of(product) == 0
    assert sorted(each.stock_after for each in StockMovement.objects) == list(range(7))


def test_sold_out_and_back_in_stock_are_announced_once_each() -> None:
    product = a_product(stock=2, title="Pen")
    for change in (-1, -1, 5, 1):
        adjust(product, change)
    out, back = announced_events()
    named = {"product_id": product.id, "sku": product.sku, "title": "Pen"}
    assert (out["type"], out["data"]) == ("product.out_of_stock", named)
    assert (back["type"], back["data"]) == ("product.back_in_stock", named | {"stock": 5})


def test_event_stays_in_the_product_until_it_is_published() -> None:
    product = a_product(stock=1)
    adjust(product, -1)
    (entry,) = Product.objects.get(pk=product.id).outbox
    assert entry.type == "product.out_of_stock"


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_product_not_on_sale_is_not_announced(state: str) -> None:
    product = a_product(stock=1, state=state)
    adjust(product, -1)
    adjust(product, 1)
    assert announced() == []


def test_customers_see_the_new_stock_at_once() -> None:
    product = a_product(stock=3)
    assert get_product(product.id).stock == 3
    adjust(product, -1)
    assert get_product(product.id).stock == 2
