"""Orders are accepted at the current prices."""

import json

import pytest

from tests.integration.builders import a_person, a_product, an_order, stock_of
from tidings.orders.errors import MixedCurrencies, OrderTooLarge, UnknownProduct
from tidings.orders.models import Order
from tidings.orders.operations import place_order
from tidings.orders.schemas import MAX_TOTAL, OrderView, PlaceOrder
from tidings.platform.context import correlated
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.timing.clock import new_id
from tidings.products.fields import MAX_AMOUNT
from tidings.products.models import Product


def place(*items: tuple[str, int]) -> OrderView:
    wanted = {"items": [{"product_id": product, "quantity": n} for product, n in items]}
    return place_order(PlaceOrder.model_validate(wanted), caller=a_person())


def assert_nothing_was_stored() -> None:
    assert Order.objects.count() == 0
    assert take_stored() == []


def test_order_waits_for_its_stock() -> None:
    customer, product = a_person(), a_product(price=990, stock=1)
    order = an_order(product, customer=customer, quantity=3)
    assert (order.state, order.customer_id) == ("placed", customer.user_id)
    assert (order.total.amount, order.total.currency) == (2970, "EUR")
    assert [(step.state, step.reason) for step in order.history] == [("placed", None)]
    assert stock_of(product) == 1


def test_order_announces_its_items() -> None:
    with correlated("request-7"):
        mug, cup = a_product(), a_product()
        order = an_order(mug, cup, quantity=2)
    (entry,) = Order.objects.get(pk=order.id).outbox
    event = json.loads(entry.body)
    assert event["data"]["lines"] == [
        {"product_id": mug.id, "quantity": 2},
        {"product_id": cup.id, "quantity": 2},
    ]
    assert event["correlationid"] == entry.correlation_id == order.correlation_id == "request-7"


def test_prices_and_titles_of_an_order_stay() -> None:
    product = a_product(price=990)
    order = an_order(product)
    Product.objects(pk=product.id).update_one(set__price=5, set__title="Another")
    (item,) = Order.objects.get(pk=order.id).items
    assert (item.unit_price, item.title) == (990, "Mug")


def test_unknown_product_is_refused_and_nothing_is_stored() -> None:
    missing = new_id()
    with pytest.raises(UnknownProduct, match=missing):
        place((a_product().id, 1), (missing, 1))
    assert_nothing_was_stored()


def test_two_currencies_are_refused_and_nothing_is_stored() -> None:
    with pytest.raises(MixedCurrencies):
        place((a_product(currency="EUR").id, 1), (a_product(currency="USD").id, 1))
    assert_nothing_was_stored()


def test_total_beyond_what_clients_read_exactly_is_refused_and_nothing_is_stored() -> None:
    with pytest.raises(OrderTooLarge) as refused:
        place((a_product(price=MAX_AMOUNT).id, 10))
    assert refused.value.field == "items"
    assert str(MAX_TOTAL) in refused.value.message
    assert_nothing_was_stored()


def test_largest_total_is_accepted() -> None:
    largest = MAX_TOTAL - 9 * MAX_AMOUNT
    lines = [(a_product(price=MAX_AMOUNT).id, 9), (a_product(price=largest).id, 1)]
    assert place(*lines).total.amount == MAX_TOTAL == 9_007_199_254_740_991
