"""A person's basket on the server: changed from several devices, ordered once, reminded of once."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import a_product, a_reader, an_order, at_once
from tests.integration.notifications.builders import the_notification, where
from tests.integration.vouchers.builders import a_voucher
from tidings.delivery.models import Notification
from tidings.monitoring.export import export_user
from tidings.notifications.notifying import notify
from tidings.orders import baskets
from tidings.orders.basket_reminders import remind_of_baskets
from tidings.orders.baskets import get_basket, order_basket, set_basket_line
from tidings.orders.erasure import forget_words
from tidings.orders.errors import (
    BasketChanged,
    BasketFull,
    IdempotencyKeyReused,
    MixedCurrencies,
    UnknownProduct,
)
from tidings.orders.events import BasketLeft
from tidings.orders.models import Basket, Order
from tidings.orders.operations import place_order
from tidings.orders.schemas import BasketView, OrderBasket, OrderView, SetBasketLine
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import now
from tidings.products.models import Product
from tidings.products.schemas import ProductView

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("unpublished")


def put(person: Principal, product: ProductView, quantity: int = 1, **more: Any) -> BasketView:
    return set_basket_line(product.id, SetBasketLine(quantity=quantity), caller=person, **more)


def order(person: Principal, state: str | None, **more: Any) -> OrderView:
    assert state is not None
    return order_basket(OrderBasket(state=state, **more), caller=person)


def lines(basket: BasketView) -> dict[str, int]:
    return {each.product_id: each.quantity for each in basket.lines}


# -------------------------------------------------------------------- its lines


def test_basket_has_current_prices_and_changes_with_its_state() -> None:
    ada, mug, pen = a_reader(), a_product(price=990), a_product(price=100, stock=1)
    assert get_basket(caller=ada) == BasketView(
        state=None, lines=[], total=None, changed_at=None, expires_at=None
    )
    first = put(ada, mug, 2)
    second = put(ada, pen, 3)
    assert lines(second) == {mug.id: 2, pen.id: 3}
    assert second.total is not None
    assert second.total.amount == 2 * 990 + 3 * 100
    assert [each.in_stock for each in second.lines] == [True, False]
    assert first.state != second.state
    Product.objects(pk=mug.id).update(set__price=500)
    total = get_basket(caller=ada).total
    assert total is not None
    assert total.amount == 2 * 500 + 3 * 100
    assert lines(put(ada, mug, 0)) == {pen.id: 3}
    assert put(ada, pen, 0).state is None
    assert Basket.objects.count() == 0


def test_repeated_change_changes_nothing() -> None:
    ada, mug = a_reader(), a_product()
    first = put(ada, mug, 2)
    assert put(ada, mug, 2) == first
    assert put(ada, a_product(), 0) == first


def test_baskets_are_the_owners_own() -> None:
    ada, bob, mug = a_reader(), a_reader(), a_product()
    put(ada, mug)
    assert get_basket(caller=bob).lines == []


def test_devices_that_change_it_at_once_lose_no_line() -> None:
    ada, products = a_reader(), [a_product() for _ in range(6)]
    at_once([partial(put, ada, each, 2) for each in products])
    assert lines(get_basket(caller=ada)) == {each.id: 2 for each in products}


def test_product_that_is_not_sold_is_refused_and_can_be_removed() -> None:
    ada, mug = a_reader(), a_product()
    with pytest.raises(UnknownProduct):
        put(ada, a_product(state="draft"))
    put(ada, mug)
    Product.objects(pk=mug.id).update(set__state="retired")
    basket = get_basket(caller=ada)
    assert (basket.lines[0].title, basket.lines[0].unit_price, basket.total) == (None, None, None)
    with pytest.raises(UnknownProduct):
        order(ada, basket.state)
    assert put(ada, mug, 0).lines == []


def test_basket_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baskets, "MAX_LINES", 1)
    ada, mug = a_reader(), a_product()
    put(ada, mug)
    with pytest.raises(BasketFull):
        put(ada, a_product())
    assert lines(put(ada, mug, 5)) == {mug.id: 5}


# -------------------------------------------------------------------- its order


def test_basket_is_ordered_once_and_empty_afterwards() -> None:
    ada, mug = a_reader(), a_product(price=990)
    basket = put(ada, mug, 2)
    placed = at_once([partial(order, ada, basket.state)] * 3)
    assert {each.id for each in placed} == {placed[0].id}
    assert placed[0].total.amount == 1980
    assert get_basket(caller=ada).lines == []
    assert order(ada, basket.state).id == placed[0].id
    assert Order.objects(customer_id=ada.user_id).count() == 1


def test_same_content_later_is_another_order() -> None:
    ada, mug = a_reader(), a_product()
    first = order(ada, put(ada, mug).state)
    second = order(ada, put(ada, mug).state)
    assert first.id != second.id


def test_basket_that_the_customer_has_not_seen_is_not_ordered() -> None:
    ada, mug = a_reader(), a_product()
    seen = put(ada, mug)
    put(ada, mug, 7)
    with pytest.raises(BasketChanged):
        order(ada, seen.state)
    with pytest.raises(BasketChanged):
        order(a_reader(), seen.state)
    assert lines(get_basket(caller=ada)) == {mug.id: 7}


def test_process_that_dies_after_the_order_leaves_one_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, mug = a_reader(), a_product()
    basket = put(ada, mug)
    with monkeypatch.context() as patch:
        patch.setattr(Basket, "objects", None)
        with pytest.raises(TypeError):
            order(ada, basket.state)
    assert lines(get_basket(caller=ada)) == {mug.id: 1}
    assert order(ada, basket.state).id == Order.objects.get(customer_id=ada.user_id).id
    assert get_basket(caller=ada).lines == []


def test_basket_that_changes_while_it_is_ordered_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, mug, pen = a_reader(), a_product(), a_product()
    basket = put(ada, mug)

    def place_slowly(*wanted: Any, **more: Any) -> OrderView:
        put(ada, pen)
        return place_order(*wanted, **more)

    monkeypatch.setattr("tidings.orders.baskets.place_order", place_slowly)
    placed = order(ada, basket.state)
    assert [each.product_id for each in placed.items] == [mug.id]
    assert lines(get_basket(caller=ada)) == {mug.id: 1, pen.id: 1}


def test_voucher_and_currencies_are_checked_as_for_every_order() -> None:
    ada, mug = a_reader(), a_product(price=1000)
    voucher = a_voucher(percent="10")
    placed = order(ada, put(ada, mug).state, voucher_code=voucher.code)
    assert placed.total.amount == 900
    put(ada, mug)
    mixed = put(ada, a_product(currency="USD"))
    assert mixed.total is None
    with pytest.raises(MixedCurrencies):
        order(ada, mixed.state)


def test_repetition_with_another_voucher_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, mug = a_reader(), a_product()
    basket = put(ada, mug)
    with monkeypatch.context() as patch:
        patch.setattr(Basket, "objects", None)
        with pytest.raises(TypeError):
            order(ada, basket.state)
    with pytest.raises(IdempotencyKeyReused):
        order(ada, basket.state, voucher_code="ANOTHER")


# -------------------------------------------------------------------- the reminder


def events_of(person: Principal) -> list[BasketLeft]:
    found = Basket.objects(pk=person.user_id).first()
    return [BasketLeft.model_validate_json(each.body) for each in (found.outbox if found else [])]


def test_person_is_reminded_once_of_a_basket_that_was_left() -> None:
    ada, mug, at = a_reader(promotions={"email": True}), a_product(title="Mug"), now()
    put(ada, mug, at=at)
    assert remind_of_baskets(at + 23 * HOUR) == 0
    assert remind_of_baskets(at + 24 * HOUR) == 1
    assert remind_of_baskets(at + 25 * HOUR) == 0
    (event,) = events_of(ada)
    assert (event.data.titles, event.data.products) == (["Mug"], 1)
    for _ in range(2):
        notify(event)
    told = the_notification(ada)
    assert (told.kind, told.category) == ("basket.left", "promotions")
    assert "Mug" in told.body
    assert where(told, "email")[0] == "queued"
    assert lines(get_basket(caller=ada)) == {mug.id: 1}


def test_reminder_needs_the_consent_to_promotions() -> None:
    ada, at = a_reader(promotions={"inbox": False}), now()
    put(ada, a_product(), at=at)
    remind_of_baskets(at + DAY)
    notify(events_of(ada)[0])
    told = the_notification(ada)
    assert {each.status for each in told.deliveries.values()} == {"suppressed"}


def test_changed_basket_is_left_anew_and_has_its_own_reminder() -> None:
    ada, mug, at = a_reader(), a_product(), now()
    put(ada, mug, at=at)
    put(ada, mug, 2, at=at + 20 * HOUR)
    assert remind_of_baskets(at + DAY) == 0
    assert remind_of_baskets(at + 2 * DAY) == 1
    put(ada, mug, 3, at=at + 2 * DAY)
    assert remind_of_baskets(at + 3 * DAY) == 1
    for event in events_of(ada):
        notify(event)
    assert Notification.objects(user_id=ada.user_id).count() == 2


def test_person_who_ordered_since_is_not_reminded() -> None:
    ada, bob, mug, at = a_reader(), a_reader(), a_product(), now()
    put(ada, mug, at=at - HOUR)
    put(bob, mug, at=at - HOUR)
    an_order(mug, customer=ada)
    assert remind_of_baskets(at + DAY) == 1
    assert (len(events_of(ada)), len(events_of(bob))) == (0, 1)
    assert Basket.objects(untouched_since__ne=None).count() == 0


def test_basket_without_a_product_on_sale_is_passed_over() -> None:
    ada, mug, at = a_reader(), a_product(), now()
    put(ada, mug, at=at)
    Product.objects(pk=mug.id).update(set__state="retired")
    outbox.take_stored()
    assert remind_of_baskets(at + DAY) == 0
    assert events_of(ada) == []


def test_two_jobs_at_once_remind_once() -> None:
    people, mug, at = [a_reader() for _ in range(4)], a_product(), now()
    for each in people:
        put(each, mug, at=at)
    at_once([partial(remind_of_baskets, at + DAY)] * 3)
    assert [len(events_of(each)) for each in people] == [1] * 4


# -------------------------------------------------------------------- its end


def test_export_has_the_basket_and_erasure_deletes_it() -> None:
    ada, mug = a_reader(), a_product()
    put(ada, mug)
    assert lines(export_user(ada.user_id, caller=ada).basket) == {mug.id: 1}
    forget_words(ada.user_id)
    assert Basket.objects.count() == 0


def test_baskets_expire_and_are_found_by_indexes() -> None:
    ada, at = a_reader(), now()
    basket = put(ada, a_product(), at=at)
    assert basket.expires_at is not None
    assert basket.expires_at - at > 29 * DAY
    there = Basket._get_collection().index_information().values()
    keys = {each["key"][0][0]: each for each in there}
    assert keys["expires_at"]["expireAfterSeconds"] == 0
    assert keys["untouched_since"]["sparse"]
