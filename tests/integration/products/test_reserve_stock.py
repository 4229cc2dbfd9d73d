"""Stock is reserved completely or not at all, once for each order."""

from collections import Counter
from functools import partial

import pytest
from pymongo.errors import DuplicateKeyError

from tests.integration.builders import a_product, as_consumers_do, at_once, stock_of
from tidings.platform.errors import Unavailable
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.timing.clock import new_id
from tidings.products import stock as stock_rules
from tidings.products.models import Reservation
from tidings.products.schemas import ProductView, StockLine
from tidings.products.stock import reserve_stock


def line(product: ProductView, quantity: int = 1) -> StockLine:
    return StockLine(product_id=product.id, quantity=quantity)


def decided(order_id: str) -> Reservation:
    reservation: Reservation = Reservation.objects.get(pk=order_id)
    return reservation


def announced() -> list[str]:
    return [entry.type for stored in take_stored() for entry in stored.entries]


def test_stock_is_reserved() -> None:
    product, order_id = a_product(stock=5), new_id()
    reserve_stock(order_id, [line(product, 3)])
    assert stock_of(product) == 2
    assert decided(order_id).state == "reserved"
    assert announced() == ["inventory.reserved"]


def test_last_piece_is_sold_once() -> None:
    product = a_product(stock=1)
    first, second = new_id(), new_id()
    reserve_stock(first, [line(product)])
    reserve_stock(second, [line(product)])
    assert stock_of(product) == 0
    assert (decided(first).state, decided(second).state) == ("reserved", "rejected")
    assert announced() == ["inventory.reserved", "product.out_of_stock", "inventory.rejected"]


def test_order_over_the_stock_leaves_it_unchanged() -> None:
    product, order_id = a_product(stock=2), new_id()
    reserve_stock(order_id, [line(product, 3)])
    assert stock_of(product) == 2
    rejection = decided(order_id)
    assert rejection.state == "rejected"
    assert product.id in rejection.reason
    assert announced() == ["inventory.rejected"]


def test_repeated_event_reserves_once() -> None:
    product, order_id = a_product(stock=5), new_id()
    reserve_stock(order_id, [line(product, 2)])
    reserve_stock(order_id, [line(product, 2)])
    assert stock_of(product) == 3
    assert announced() == ["inventory.reserved"]


def test_rejected_order_stays_rejected() -> None:
    product, order_id = a_product(stock=1), new_id()
    reserve_stock(order_id, [line(product, 2)])
    reserve_stock(order_id, [line(product, 1)])
    assert stock_of(product) == 1
    assert decided(order_id).state == "rejected"
    assert announced() == ["inventory.rejected"]


def test_several_products_are_all_reserved() -> None:
    mug, cup = a_product(stock=3), a_product(stock=4)
    reserve_stock(new_id(), [line(mug, 3), line(cup, 1)])
    assert (stock_of(mug), stock_of(cup)) == (0, 3)


def test_one_missing_product_reserves_none() -> None:
    mug, cup = a_product(stock=3), a_product(stock=0)
    order_id = new_id()
    reserve_stock(order_id, [line(mug, 3), line(cup, 1)])
    assert (stock_of(mug), stock_of(cup)) == (3, 0)
    assert decided(order_id).state == "rejected"


def test_unknown_product_rejects_the_order() -> None:
    mug, order_id = a_product(stock=3), new_id()
    reserve_stock(order_id, [line(mug), StockLine(product_id=new_id(), quantity=1)])
    assert stock_of(mug) == 3
    assert announced() == ["inventory.rejected"]


@pytest.mark.parametrize("stock", [1, 7])
def test_twenty_concurrent_orders_get_exactly_the_stock(stock: int) -> None:
    product = a_product(stock=stock)
    orders = [new_id() for _ in range(20)]
    at_once([as_consumers_do(partial(reserve_stock, each, [line(product)])) for each in orders])
    states = Counter(decided(order_id).state for order_id in orders)
    assert states == {"reserved": stock, "rejected": 20 - stock}
    assert stock_of(product) == 0


def test_ten_concurrent_deliveries_reserve_once() -> None:
    product, order_id = a_product(stock=50), new_id()
    at_once([as_consumers_do(lambda: reserve_stock(order_id, [line(product, 3)]))] * 10)
    assert stock_of(product) == 47
    assert len(decided(order_id).outbox) == 1


def test_orders_with_the_same_products_do_not_deadlock() -> None:
    mug, cup = a_product(stock=10), a_product(stock=10)
    there, back = [line(mug), line(cup)], [line(cup), line(mug)]
    orders = [new_id() for _ in range(10)]
    at_once(
        [
            as_consumers_do(partial(reserve_stock, each, there if number % 2 else back))
            for number, each in enumerate(orders)
        ]
    )
    assert {decided(order_id).state for order_id in orders} == {"reserved"}
    assert (stock_of(mug), stock_of(cup)) == (0, 0)


def test_order_whose_decision_is_being_aborted_is_decided_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A transaction once found the document of its aborted attempt, and counted as done."""
    product, order_id = a_product(stock=1), new_id()

    def refused(_work: object) -> None:
        raise DuplicateKeyError("left by a transaction that is undone")

    with monkeypatch.context() as patch:
        patch.setattr(stock_rules, "in_transaction", refused)
        for decide in (
            partial(reserve_stock, order_id, [line(product)]),
            partial(stock_rules.release_stock, order_id),
        ):
            with pytest.raises(Unavailable):
                decide()
    reserve_stock(order_id, [line(product)])
    assert decided(order_id).state == "reserved"
