"""The same key with the same order makes one order."""

from functools import partial

import pytest

from tests.integration.builders import a_person, a_product, at_once
from tidings.orders.decisions import confirm_order
from tidings.orders.errors import IdempotencyKeyReused, UnknownProduct
from tidings.orders.models import Order
from tidings.orders.operations import place_order
from tidings.orders.schemas import OrderView, PlaceOrder
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import new_id
from tidings.products.models import Product

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def wanted(product_id: str, quantity: int = 1) -> PlaceOrder:
    items = [{"product_id": product_id, "quantity": quantity}]
    return PlaceOrder.model_validate({"items": items})


def place(order: PlaceOrder, caller: Principal, key: str | None = KEY) -> OrderView:
    return place_order(order, caller=caller, idempotency_key=key)


def test_same_key_and_order_give_the_same_order() -> None:
    customer, order = a_person(), wanted(a_product().id)
    first = place(order, customer)
    assert len(take_stored()) == 1
    assert place(order, customer) == first
    assert Order.objects.count() == 1
    assert take_stored() == [], "the order must be announced once"


def test_same_key_returns_the_current_order() -> None:
    customer, order = a_person(), wanted(a_product().id)
    first = place(order, customer)
    confirm_order(first.id)
    again = place(order, customer)
    assert (again.id, again.state) == (first.id, "confirmed")


def test_same_key_returns_the_same_order_after_a_change_of_the_catalogue() -> None:
    customer, product = a_person(), a_product(price=990)
    first = place(wanted(product.id), customer)
    Product.objects(pk=product.id).delete()
    assert place(wanted(product.id), customer).total == first.total


def test_changed_order_under_the_same_key_is_a_conflict() -> None:
    customer, product = a_person(), a_product()
    first = place(wanted(product.id), customer)
    take_stored()
    with pytest.raises(IdempotencyKeyReused) as refused:
        place(wanted(product.id, quantity=2), customer)
    assert refused.value.status == 409
    assert [each.id for each in Order.objects] == [first.id]
    assert take_stored() == []


def test_keys_of_two_customers_are_independent() -> None:
    product = a_product()
    ada, bob = a_person(), a_person()
    hers, his = place(wanted(product.id), ada), place(wanted(product.id, 2), bob)
    assert hers.id != his.id
    assert (hers.customer_id, his.customer_id) == (ada.user_id, bob.user_id)
    assert place(wanted(product.id), ada).id == hers.id


def test_without_a_key_every_order_is_new() -> None:
    customer, order = a_person(), wanted(a_product().id)
    assert place(order, customer, None).id != place(order, customer, None).id


def test_refused_order_leaves_its_key_free() -> None:
    customer = a_person()
    with pytest.raises(UnknownProduct):
        place(wanted(new_id()), customer)
    assert place(wanted(a_product().id), customer).state == "placed"


def test_hundred_concurrent_orders_with_one_key_make_one_order() -> None:
    customer, order = a_person(), wanted(a_product().id)
    placed = at_once([partial(place, order, customer)] * 100)
    assert len({each.id for each in placed}) == 1
    (stored,) = Order.objects
    assert [entry.type for entry in stored.outbox] == ["order.placed"]


def test_of_two_orders_at_once_with_one_key_one_is_placed() -> None:
    customer, product = a_person(), a_product()

    def attempt(quantity: int) -> int | None:
        try:
            return place(wanted(product.id, quantity), customer).items[0].quantity
        except IdempotencyKeyReused:
            return None

    placed = at_once([partial(attempt, 1), partial(attempt, 2)] * 5)
    (stored,) = Order.objects
    assert set(placed) == {None, stored.items[0].quantity}
