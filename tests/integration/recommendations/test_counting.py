"""Activities are counted once, despite repeated, late and concurrent events."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import a_product, an_order, at_once
from tests.integration.recommendations.builders import (
    a_customer,
    buys,
    confirmed,
    learn_all,
    looks_at,
    rows,
    taste_of,
    titles_of,
    waiting,
)
from tidings.orders.decisions import confirm_order
from tidings.orders.events import (
    OrderCancelled,
    OrderCancelledData,
    OrderConfirmed,
    OrderRejected,
    OrderRejectedData,
    OrderStatusChanged,
    OrderStatusChangedData,
)
from tidings.orders.models import Order
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import new_id, now
from tidings.products.models import Product
from tidings.products.schemas import ProductView
from tidings.recommendations import counting, operations
from tidings.recommendations.lists import MAX_ROW, compute_list
from tidings.recommendations.models import Activity, CustomerProfile, Demand, Row
from tidings.recommendations.operations import Learned, learn
from tidings.recommendations.weights import weight


@pytest.fixture
def products() -> list[ProductView]:
    return [a_product(title=title) for title in ("Tent", "Bag", "Mat")]


def test_products_bought_together_are_similar(products: list[ProductView]) -> None:
    tent, bag, _ = products
    bought = buys(a_customer(), tent, bag)
    learn_all()
    counted = rows()
    expected = round(weight("bought", bought.at), 9)
    assert counted[tent.id]["bought"] == expected
    assert counted[tent.id]["near"] == {bag.id: {"bought": expected}}
    assert counted[bag.id]["near"] == {tent.id: {"bought": expected}}


def test_repeated_event_counts_nothing(products: list[ProductView]) -> None:
    person = a_customer()
    buys(person, *products)
    (event,) = waiting(Activity)
    learn_all()
    once = rows()
    for _ in range(3):
        learn(event)
    assert rows() == once


def test_concurrent_deliveries_count_once(
    products: list[ProductView],
) -> None:
    person = a_customer()
    bought = buys(person, *products)
    (event,) = waiting(Activity)
    at_once([partial(learn, event)] * 8)
    expected = round(weight("bought", bought.at), 9)
    assert {row["bought"] for row in rows().values()} == {expected}


def test_concurrent_people_lose_no_count(products: list[ProductView]) -> None:
    at = now()
    for _ in range(8):
        buys(a_customer(), *products[:2], at=at)
    events = waiting(Activity)
    at_once([partial(learn, event) for event in events])
    counted = rows()[products[0].id]
    assert counted["bought"] == pytest.approx(8 * weight("bought", at))
    assert counted["near"][products[1].id]["bought"] == pytest.approx(8 * weight("bought", at))


def test_repeated_purchase_of_a_person_counts_once(products: list[ProductView]) -> None:
    person = a_customer()
    buys(person, products[0])
    learn_all()
    once = rows()
    buys(person, products[0])
    learn_all()
    assert rows() == once


def test_order_of_events_does_not_matter(products: list[ProductView]) -> None:
    person, at = a_customer(), now()
    buys(person, products[0], at=at - timedelta(days=9))
    buys(person, products[1], at=at)
    events = waiting(Activity)
    for event in events:
        learn(event)
    in_order = rows()
    for kind in (Demand, Row, CustomerProfile):
        kind.objects.delete()
    Activity.objects.update(set__counted=False)
    for event in reversed(events):
        learn(event)
    assert rows() == in_order


def test_crash_after_counting_is_repaired_by_the_same_message(
    products: list[ProductView], monkeypatch: pytest.MonkeyPatch
) -> None:
    buys(a_customer(), *products)
    person = a_customer()
    buys(person, products[0])
    first, second = waiting(Activity)
    learn(first)
    with monkeypatch.context() as patch:
        patch.setattr(operations, "compute_list", _die)
        with pytest.raises(RuntimeError):
            learn(second)
    learn(second)
    assert set(titles_of(person)) == {"Bag", "Mat"}


def _die(*_: object) -> None:
    raise RuntimeError("killed")


def test_crash_during_counting_leaves_nothing(
    products: list[ProductView], monkeypatch: pytest.MonkeyPatch
) -> None:
    buys(a_customer(), *products)
    (event,) = waiting(Activity)
    with monkeypatch.context() as patch:
        patch.setattr(counting, "_write_taste", _die)
        with pytest.raises(RuntimeError):
            learn(event)
    assert rows() == {}
    learn(event)
    assert len(rows()) == 3


def test_product_no_longer_on_sale_is_not_counted(products: list[ProductView]) -> None:
    buys(a_customer(), *products)
    Product.objects(pk=products[0].id).update_one(set__state="retired")
    learn_all()
    assert set(rows()) == {products[1].id, products[2].id}


# ------------------------------------------------------------------------ orders


def undone(kind: str, person: Principal, order_id: str) -> Learned:
    about: dict[str, Any] = {"order_id": order_id, "customer_id": person.user_id}
    if kind == "returned":
        data = OrderStatusChangedData(**about, state="returned", previous="delivered")
        return OrderStatusChanged(subject=order_id, data=data)
    if kind == "rejected":
        return OrderRejected(subject=order_id, data=OrderRejectedData(**about, reason="Sold out."))
    called_off = OrderCancelledData(
        order_id=order_id, customer_id=person.user_id, reason="Changed."
    )
    return OrderCancelled(subject=order_id, data=called_off)


UNDONE = pytest.mark.parametrize("kind", ["cancelled", "rejected", "returned"])


def test_confirmed_order_is_a_purchase(products: list[ProductView]) -> None:
    person = a_customer()
    learn(confirmed(person, *products))
    assert learn_all() == 1
    assert {each.product_id for each in taste_of(person).bought} == {e.id for e in products}


@pytest.mark.parametrize("logged_first", [True, False])
def test_order_that_is_also_logged_counts_once(
    logged_first: bool, products: list[ProductView]
) -> None:
    person, order_id = a_customer(), new_id()
    order = confirmed(person, products[0], order_id=order_id)
    if logged_first:
        buys(person, products[0], order_id=order_id)
        learn(order)
    else:
        learn(order)
        buys(person, products[0], order_id=order_id)
    learn(order)
    assert learn_all() == 1
    assert Activity.objects.count() == 1


def test_logged_order_of_another_person_is_ignored(products: list[ProductView]) -> None:
    person, thief, order_id = a_customer(), a_customer(), new_id()
    buys(thief, products[1], order_id=order_id)
    learn(confirmed(person, products[0], order_id=order_id))
    learn_all()
    assert [each.product_id for each in taste_of(person).bought] == [products[0].id]


def test_order_event_without_lines_adds_no_activity() -> None:
    learn(confirmed(a_customer()))
    assert Activity.objects.count() == 0


@UNDONE
def test_cancelled_order_is_subtracted(kind: str, products: list[ProductView]) -> None:
    buys(a_customer(), *products)
    learn_all()
    before = rows()
    person, order_id = a_customer(), new_id()
    learn(confirmed(person, *products, order_id=order_id))
    learn_all()
    assert rows() != before
    for _ in range(2):
        learn(undone(kind, person, order_id))
    assert rows() == before
    assert taste_of(person).bought == []


@UNDONE
def test_order_cancelled_before_its_event_is_never_counted(
    kind: str, products: list[ProductView]
) -> None:
    person, order_id = a_customer(), new_id()
    learn(undone(kind, person, order_id))
    learn(confirmed(person, *products, order_id=order_id))
    assert learn_all() == 0
    assert rows() == {}


def test_order_cancelled_before_counting_is_never_counted(
    products: list[ProductView],
) -> None:
    person, order_id = a_customer(), new_id()
    learn(confirmed(person, *products, order_id=order_id))
    (event,) = waiting(Activity)
    learn(undone("cancelled", person, order_id))
    learn(event)
    assert rows() == {}


def test_product_bought_twice_stays_bought_when_one_order_is_cancelled(
    products: list[ProductView],
) -> None:
    person, order_id = a_customer(), new_id()
    learn(confirmed(person, products[0], order_id=order_id))
    buys(person, products[0], order_id="till/1")
    learn_all()
    before = rows()
    learn(undone("cancelled", person, order_id))
    assert rows() == before
    assert [each.product_id for each in taste_of(person).bought] == [products[0].id]
    learn(undone("returned", person, "till/1"))
    assert rows() == {products[0].id: {"_id": products[0].id}}


def test_other_states_of_an_order_change_nothing(products: list[ProductView]) -> None:
    person, order_id = a_customer(), new_id()
    learn(confirmed(person, *products, order_id=order_id))
    learn_all()
    before = rows()
    data = OrderStatusChangedData(
        order_id=order_id, customer_id=person.user_id, state="paid", previous="confirmed"
    )
    learn(OrderStatusChanged(subject=order_id, data=data))
    assert rows() == before


# ------------------------------------------------------------------------- size


def test_profile_stays_small(products: list[ProductView], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(counting.MOST, "viewed", 2)
    person, at = a_customer(), now()
    for age, product in enumerate(products):
        looks_at(person, product, at=at + timedelta(seconds=age))
    learn_all()
    kept = [each.product_id for each in taste_of(person).viewed]
    assert kept == [each.id for each in products[1:]]


def test_long_row_is_cut_to_its_best_entries_when_read(
    products: list[ProductView],
) -> None:
    person = a_customer()
    buys(person, products[0])
    learn_all()
    near = {f"{number:024x}": {"bought": float(number)} for number in range(500)}
    Row.objects.create(id=products[0].id, near=near)
    compute_list(person.user_id)
    kept = Row.objects.get(pk=products[0].id).near
    assert len(kept) <= MAX_ROW
    assert kept[f"{499:024x}"] == {"bought": 499.0}


def test_confirmed_order_event_has_its_products(products: list[ProductView]) -> None:
    person = a_customer()
    order = an_order(products[0], products[1], customer=person)
    confirm_order(order.id)
    (event,) = [each for each in waiting(Order) if isinstance(each, OrderConfirmed)]
    learn(event)
    learn_all()
    assert {each.product_id for each in taste_of(person).bought} == {e.id for e in products[:2]}
