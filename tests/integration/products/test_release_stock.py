"""A cancelled order returns its reserved stock once, for any order of the messages."""

from functools import partial

import pytest

from tests.integration.builders import a_product, as_consumers_do, at_once, stock_of
from tests.integration.products.announced import announced
from tidings.platform.timing.clock import new_id
from tidings.products.models import Reservation, StockMovement
from tidings.products.schemas import ProductView, StockLine
from tidings.products.stock import release_stock, reserve_stock


def line(product: ProductView, quantity: int = 1) -> StockLine:
    return StockLine(product_id=product.id, quantity=quantity)


def state_of(order_id: str) -> str:
    state: str = Reservation.objects.get(pk=order_id).state
    return state


def test_stock_is_returned() -> None:
    mug, cup, order_id = a_product(stock=5), a_product(stock=2), new_id()
    reserve_stock(order_id, [line(mug, 3), line(cup, 1)])
    announced()
    release_stock(order_id)
    assert (stock_of(mug), stock_of(cup)) == (5, 2)
    assert state_of(order_id) == "released"
    assert announced() == ["inventory.released"]


def test_repeated_cancellation_returns_once() -> None:
    product, order_id = a_product(stock=5), new_id()
    reserve_stock(order_id, [line(product, 3)])
    announced()
    release_stock(order_id)
    release_stock(order_id)
    assert stock_of(product) == 5
    assert announced() == ["inventory.released"]


def test_order_that_arrives_after_its_cancellation_takes_nothing() -> None:
    product, order_id = a_product(stock=5), new_id()
    release_stock(order_id)
    reserve_stock(order_id, [line(product, 3)])
    release_stock(order_id)
    assert stock_of(product) == 5
    assert StockMovement.objects.count() == 0
    assert announced() == ["inventory.released"]


def test_repeated_order_after_its_cancellation_takes_nothing() -> None:
    product, order_id = a_product(stock=5), new_id()
    reserve_stock(order_id, [line(product, 3)])
    release_stock(order_id)
    reserve_stock(order_id, [line(product, 3)])
    assert stock_of(product) == 5


def test_rejected_order_returns_nothing() -> None:
    product, order_id = a_product(stock=1), new_id()
    reserve_stock(order_id, [line(product, 2)])
    announced()
    release_stock(order_id)
    assert stock_of(product) == 1
    assert StockMovement.objects.count() == 0
    assert announced() == ["inventory.released"]


def test_returned_last_piece_is_announced() -> None:
    product, order_id = a_product(stock=2), new_id()
    reserve_stock(order_id, [line(product, 2)])
    assert announced() == ["inventory.reserved", "product.out_of_stock"]
    release_stock(order_id)
    assert announced() == ["inventory.released", "product.back_in_stock"]


def test_ten_concurrent_cancellations_return_once() -> None:
    product, order_id = a_product(stock=5), new_id()
    reserve_stock(order_id, [line(product, 3)])
    at_once([as_consumers_do(partial(release_stock, order_id))] * 10)
    assert stock_of(product) == 5
    assert StockMovement.objects(kind="released").count() == 1


@pytest.mark.parametrize("turn", range(5))
def test_concurrent_order_and_cancellation_leave_the_stock_unchanged(turn: int) -> None:
    product, order_id = a_product(stock=5), new_id()

    place = partial(reserve_stock, order_id, [line(product, 3)])
    cancel = partial(release_stock, order_id)
    at_once([as_consumers_do(place), as_consumers_do(cancel)])
    assert state_of(order_id) == "released"
    assert stock_of(product) == 5


def test_twenty_concurrent_orders_and_cancellations_leave_all_stock() -> None:
    product = a_product(stock=10)
    orders = [new_id() for _ in range(10)]

    def come_and_go(order_id: str) -> None:
        as_consumers_do(partial(reserve_stock, order_id, [line(product)]))()
        as_consumers_do(partial(release_stock, order_id))()

    at_once([partial(come_and_go, each) for each in orders])
    assert stock_of(product) == 10
