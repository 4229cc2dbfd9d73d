"""Activities are stored, listed and deleted."""

from datetime import datetime, timedelta

import pytest

from tests.integration.builders import a_product, a_redis_that_is_away
from tests.integration.recommendations.builders import (
    a_customer,
    buys,
    confirmed,
    learn_all,
    looks_at,
    rows,
    waiting,
)
from tidings.orders.events import OrderCancelled, OrderCancelledData
from tidings.platform.caching import cache
from tidings.platform.security.auth import Principal
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import now
from tidings.products.schemas import ProductView
from tidings.recommendations import activity
from tidings.recommendations.activity import VIEWS, store_all_buffered_views, store_buffered_views
from tidings.recommendations.models import BROWSING_LASTS, Activity, CustomerProfile
from tidings.recommendations.operations import Learned, forget, learn, log_browse
from tidings.recommendations.queries import get_user_activity
from tidings.recommendations.schemas import LogBrowse
from tidings.users.events import UserDeleted, UserDeletedData
from tidings.users.models import User
from tidings.users.operations import delete_account

PAGE = PageRequest.model_validate({})


def seen(person: Principal, at: datetime | None = None) -> list[str]:
    page = get_user_activity(person.user_id, PAGE, caller=person, at=at)
    return [each.kind.value for each in page.items]


def look(person: Principal, *product_ids: str) -> None:
    views = [{"product_id": each} for each in product_ids]
    log_browse(person.user_id, LogBrowse.model_validate({"views": views}), caller=person)


def test_same_order_is_recorded_once() -> None:
    person, product = a_customer(), a_product()
    first = buys(person, product, order_id="till/1")
    assert buys(person, product, order_id="till/1") == first
    assert Activity.objects.count() == 1


def test_views_expire_and_purchases_stay() -> None:
    person, at = a_customer(), now()
    buys(person, a_product())
    looks_at(person, a_product())
    assert seen(person) == ["browsed", "purchased"]
    assert seen(person, at=at + BROWSING_LASTS + timedelta(minutes=1)) == ["purchased"]
    expiring = Activity.objects.get(kind="browsed")
    assert expiring.expires_at - BROWSING_LASTS - at < timedelta(seconds=30)


def test_database_deletes_expired_views() -> None:
    indexes = Activity._get_collection().index_information().values()
    assert {"expires_at": 1} in [
        dict(each["key"]) for each in indexes if each.get("expireAfterSeconds") == 0
    ]


def test_products_not_on_sale_are_left_out() -> None:
    person, product = a_customer(), a_product()
    look(person, product.id, "f" * 24)
    store_buffered_views(person.user_id, now())
    (kept,) = Activity.objects
    assert [each.product_id for each in kept.items] == [product.id]


def test_views_of_unknown_products_are_ignored() -> None:
    person = a_customer()
    look(person, "f" * 24)
    store_buffered_views(person.user_id, now())
    assert Activity.objects.count() == 0


def test_expired_views_are_left_out() -> None:
    person, product = a_customer(), a_product()
    looked = LogBrowse.model_validate(
        {"views": [{"product_id": product.id, "viewed_at": now() - timedelta(days=31)}]}
    )
    assert log_browse(person.user_id, looked, caller=person).accepted == 0


def test_rule_stores_views_after_a_minute() -> None:
    people, product, at = [a_customer() for _ in range(3)], a_product(), now()
    for person in people:
        look(person, product.id)
    assert store_all_buffered_views(at) == 0
    assert store_all_buffered_views(at + timedelta(seconds=61)) == 3
    assert store_all_buffered_views(at + timedelta(seconds=122)) == 0
    assert Activity.objects.count() == 3


def test_crash_between_storing_and_dropping_stores_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person, product = a_customer(), a_product()
    look(person, product.id)

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(VIEWS, "drop", die)
        with pytest.raises(RuntimeError):
            store_buffered_views(person.user_id, now())
    assert store_buffered_views(person.user_id, now())
    assert Activity.objects.count() == 1
    assert not store_buffered_views(person.user_id, now())


def test_without_redis_views_are_stored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    person, product = a_customer(), a_product()
    with monkeypatch.context() as patch:
        patch.setattr(VIEWS._resting, "_until", 0.0)  # and returned after the test
        nowhere = a_redis_that_is_away()
        patch.setattr(cache, "client", lambda: nowhere)
        look(person, product.id)
    assert seen(person) == ["browsed"]


def test_deleted_person_leaves_sums_only(monkeypatch: pytest.MonkeyPatch) -> None:
    person, other = a_customer(), a_customer()
    products = [a_product(), a_product()]
    for each in (person, other):
        buys(each, *products)
    learn_all()
    look(person, products[0].id)
    before = rows()
    for _ in range(2):
        forget(person.user_id)
    assert Activity.objects(user_id=person.user_id).count() == 0
    assert CustomerProfile.objects(pk=person.user_id).count() == 0
    assert not store_buffered_views(person.user_id, now())
    assert CustomerProfile.objects(pk=other.user_id).count() == 1
    assert rows() == before
    assert person.user_id not in str(before)


def test_late_event_of_a_deleted_person_finds_nothing() -> None:
    person = a_customer()
    buys(person, a_product())
    (event,) = waiting(Activity)
    forget(person.user_id)
    learn(event)
    assert CustomerProfile.objects.count() == 0
    assert activity.VIEWS.due(now(), 10) == []


def told_of(person: Principal, product: ProductView, kind: str) -> Learned:
    """Return an event about a person that may arrive at any time."""
    if kind == "purchased":
        buys(person, product)
        event: Learned = waiting(Activity)[0]
        return event
    order = confirmed(person, product)
    if kind == "confirmed":
        return order
    data = OrderCancelledData(
        order_id=order.subject, customer_id=person.user_id, reason="no", explained=False
    )
    return OrderCancelled(subject=order.subject, data=data)


@pytest.mark.parametrize("kind", ["confirmed", "cancelled", "purchased"])
@pytest.mark.parametrize("told", ["before", "meanwhile", "late"])
def test_deleted_person_is_removed_for_any_order_of_events(kind: str, told: str) -> None:
    person = a_customer()
    event = told_of(person, a_product(), kind)
    if told == "before":
        learn(event)
    delete_account(person.user_id, caller=person)
    if told == "meanwhile":
        learn(event)
    learn(UserDeleted(subject=person.user_id, data=UserDeletedData(user_id=person.user_id)))
    if told == "late":
        learn(event)
    assert learn_all() == 0
    assert Activity.objects.count() == 0
    assert CustomerProfile.objects.count() == 0


def test_purchase_stored_during_the_deletion_is_removed() -> None:
    person = a_customer()
    forget(person.user_id)
    buys(person, a_product())  # the request had begun; its event is published after the deletion
    User.objects(pk=person.user_id).update_one(set__deleted_at=now())
    assert learn_all() == 1
    assert Activity.objects.count() == 0
    assert CustomerProfile.objects.count() == 0
