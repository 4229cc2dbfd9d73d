"""People are told once when a product that they wait for is back in stock."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from products import confirm_stock_notice, get_stock_notice_page

from tests.integration.builders import CONTEXT, a_person, a_product, a_reader, an_address, at_once
from tests.integration.delivery.watched import command
from tests.integration.notifications.builders import Provider, the_notification, where
from tests.unit.platform.builders import api_event
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Notification
from tidings.delivery.unsubscribe import unsubscribe
from tidings.monitoring.erasure import erase
from tidings.monitoring.export import export_user
from tidings.notifications import waiting
from tidings.notifications.events import TellFollowers
from tidings.notifications.forecasting import forecast_followers
from tidings.notifications.models import FollowedEvent
from tidings.notifications.notifying import notify
from tidings.notifications.telling import tell_followers
from tidings.platform.errors import Forbidden, RateLimited
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import now
from tidings.products import subscribing, subscriptions
from tidings.products.errors import (
    AddressNeeded,
    BadStockLink,
    ProductInStock,
    ProductNotFound,
    TooManySubscriptions,
)
from tidings.products.events import ProductBackInStock, StockNoticeRequested
from tidings.products.models import Product, StockSubscription
from tidings.products.operations import adjust_stock
from tidings.products.queries import get_products_by_id
from tidings.products.schemas import AdjustStock, ProductView, SubscribeToStock
from tidings.products.subscribing import (
    confirm_stock_notice as confirm,
)
from tidings.products.subscribing import (
    get_stock_subscriptions,
    subscribe_to_stock,
    unsubscribe_from_stock,
)
from tidings.users.events import UserDeleted, UserDeletedData
from tidings.users.models import Guest, User

OPERATOR = a_person(Role.OPERATOR)
MINE = SubscribeToStock()
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("unpublished")


def sold_out() -> ProductView:
    return a_product(stock=0, title="Mug")


def a_waiting_reader(product: ProductView) -> Principal:
    reader = a_reader()
    subscribe_to_stock(product.id, MINE, caller=reader)
    return reader


def moved(product: ProductView, change: int) -> None:
    adjust_stock(product.id, AdjustStock(change=change, reason="test"), caller=OPERATOR)


def pieces_came(product: ProductView) -> ProductBackInStock:
    """Add pieces; return the event that this stored."""
    moved(product, 5)
    (entry,) = [
        each
        for each in Product.objects.get(pk=product.id).outbox[-1:]
        if each.type == "product.back_in_stock"
    ]
    return ProductBackInStock.model_validate_json(entry.body)


def command_of(event: ProductBackInStock) -> TellFollowers:
    """Return the last stored command for those who wait."""
    followed = FollowedEvent.objects.get(pk=f"{event.id}.waiting")
    return TellFollowers.model_validate_json(followed.outbox[-1].body)


def tell_all(event: ProductBackInStock) -> None:
    notify(event)
    while FollowedEvent.objects(pk=f"{event.id}.waiting", finished_at=None):
        tell_followers(command_of(event))


def told() -> list[str]:
    return sorted(Notification.objects(kind="product.back_in_stock").scalar("user_id"))


def waits(product: ProductView) -> list[str]:
    return sorted(StockSubscription.objects(product_id=product.id).scalar("user_id"))


# -------------------------------------------------------------------- signed in


def test_person_is_told_once_and_the_subscription_ends() -> None:
    mug = sold_out()
    reader = a_waiting_reader(mug)
    assert subscribe_to_stock(mug.id, MINE, caller=reader).state == "subscribed"
    assert waits(mug) == [reader.user_id]
    tell_all(event := pieces_came(mug))
    assert told() == [reader.user_id]
    assert waits(mug) == []
    tell_all(event)
    moved(mug, -5)
    tell_all(pieces_came(mug))
    assert told() == [reader.user_id]


def test_person_who_ended_the_subscription_is_not_told() -> None:
    mug = sold_out()
    reader, other = a_waiting_reader(mug), a_waiting_reader(mug)
    for _ in range(2):
        assert unsubscribe_from_stock(mug.id, caller=reader).product_id == mug.id
    tell_all(pieces_came(mug))
    assert told() == [other.user_id]


def test_list_shows_the_callers_own() -> None:
    mug, pen = sold_out(), sold_out()
    reader = a_waiting_reader(mug)
    subscribe_to_stock(pen.id, MINE, caller=reader)
    a_waiting_reader(mug)
    found = get_stock_subscriptions(PageRequest(limit=5, page=1, after=None), caller=reader)
    assert {each.product_id for each in found.items} == {mug.id, pen.id}


def test_product_that_can_be_had_or_is_unknown_is_refused() -> None:
    reader, there = a_reader(), a_product(stock=3)
    with pytest.raises(ProductInStock, match="3 pieces"):
        subscribe_to_stock(there.id, MINE, caller=reader)
    for unknown in ("0" * 24, a_product(stock=0, state="draft").id):
        with pytest.raises(ProductNotFound):
            subscribe_to_stock(unknown, MINE, caller=reader)
    with pytest.raises(AddressNeeded):
        subscribe_to_stock(sold_out().id, MINE)
    with pytest.raises(Forbidden):
        subscribe_to_stock(sold_out().id, MINE, caller=a_person(Role.SERVICE))
    assert StockSubscription.objects.count() == 0


def test_person_waits_for_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "MAX_SUBSCRIPTIONS", 1)
    mug = sold_out()
    reader = a_waiting_reader(mug)
    with pytest.raises(TooManySubscriptions):
        subscribe_to_stock(sold_out().id, MINE, caller=reader)
    subscribe_to_stock(mug.id, MINE, caller=reader)


def test_pieces_that_come_while_a_person_subscribes_are_not_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mug, reader = sold_out(), a_reader()
    earlier = a_waiting_reader(mug)
    store = subscriptions.store

    def store_late(*wanted: Any) -> bool:
        tell_all(pieces_came(mug))
        return store(*wanted)

    monkeypatch.setattr(subscriptions, "store", store_late)
    with pytest.raises(ProductInStock):
        subscribe_to_stock(mug.id, MINE, caller=reader)
    assert waits(mug) == []
    assert told() == [earlier.user_id]


def test_pieces_that_are_sold_before_the_event_tell_nobody() -> None:
    mug = sold_out()
    reader = a_waiting_reader(mug)
    first = pieces_came(mug)
    moved(mug, -5)
    tell_all(first)
    assert (told(), waits(mug)) == ([], [reader.user_id])
    tell_all(pieces_came(mug))
    assert (told(), waits(mug)) == ([reader.user_id], [])


def test_events_in_another_order_tell_each_person_once() -> None:
    mug = sold_out()
    reader = a_waiting_reader(mug)
    first = pieces_came(mug)
    moved(mug, -5)
    second = pieces_came(mug)
    tell_all(second)
    tell_all(first)
    tell_all(second)
    assert (told(), waits(mug)) == ([reader.user_id], [])


def test_process_that_dies_before_the_end_of_subscriptions_tells_nobody_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mug = sold_out()
    reader, again = a_waiting_reader(mug), a_waiting_reader(mug)
    notify(event := pieces_came(mug))
    with monkeypatch.context() as patch:
        patch.setattr(subscriptions, "end", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell_followers(command_of(event))
    # Meanwhile a person was told, and waits for the next pieces.
    StockSubscription.objects(user_id=again.user_id).update(set__created_at=now() + DAY)
    tell_followers(command_of(event))
    assert told() == sorted([reader.user_id, again.user_id])
    assert waits(mug) == [again.user_id]
    moved(mug, -5)
    tell_all(pieces_came(mug))
    assert told() == sorted([reader.user_id, again.user_id, again.user_id])


def test_people_are_told_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_RECIPIENTS", 2)
    mug = sold_out()
    people = sorted(a_waiting_reader(mug).user_id for _ in range(5))
    notify(event := pieces_came(mug))
    first = command_of(event)
    at_once([partial(tell_followers, first)] * 3)
    assert told() == people[:2]
    tell_followers(first)  # it is repeated late
    tell_all(event)
    assert (told(), waits(mug)) == (people, [])


def test_deleted_account_does_not_keep_its_subscription() -> None:
    mug = sold_out()
    reader = a_waiting_reader(mug)
    User.objects(pk=reader.user_id).update(set__deleted_at=now())
    tell_all(pieces_came(mug))
    assert (told(), waits(mug)) == ([], [])


def test_export_shows_subscriptions_and_erasure_ends_them() -> None:
    mug = sold_out()
    reader = a_waiting_reader(mug)
    exported = export_user(reader.user_id, caller=reader)
    assert [each.product_id for each in exported.stock_subscriptions] == [mug.id]
    erase(UserDeleted(subject=reader.user_id, data=UserDeletedData(user_id=reader.user_id)))
    assert waits(mug) == []


def test_redrive_of_a_chunk_is_forecast_for_those_who_wait() -> None:
    mug = sold_out()
    a_waiting_reader(mug)
    notify(event := pieces_came(mug))
    assert forecast_followers(command_of(event), renders=True) is None


def test_subscriptions_are_found_by_indexes() -> None:
    there = StockSubscription._get_collection().index_information().values()
    names = [[name for name, *_ in each["key"]] for each in there]
    assert ["product_id", "user_id"] in names
    assert ["user_id", "_id"] in names


# -------------------------------------------------------------------- an address


def ask(product: ProductView, email: str, **more: Any) -> str:
    wanted = SubscribeToStock(email=email, **more)
    return subscribe_to_stock(product.id, wanted).state


def requests_of(email: str) -> list[StockNoticeRequested]:
    found = Guest.objects(email=email).first()
    entries = found.outbox if found else []
    return [StockNoticeRequested.model_validate_json(each.body) for each in entries]


def token_of(email: str) -> str:
    return requests_of(email)[-1].data.confirm_url.rpartition("/")[2]


def test_owner_of_an_address_confirms_and_is_told_by_mail(provider: Provider) -> None:
    mug, email = sold_out(), an_address()
    assert ask(mug, email, language="de") == "confirmation_sent"
    assert waits(mug) == []
    (event,) = requests_of(email)
    notify(event)
    question = Notification.objects.get(kind="stock.notice_requested")
    deliver(command(question))
    (mail,) = provider.taken("email")
    assert mail.address.email == email
    assert event.data.confirm_url in mail.rendered.text
    assert "weil diese Adresse in unserem Shop" in mail.rendered.text
    assert mail.rendered.subject == "Sollen wir Ihnen Bescheid geben: Mug?"
    for _ in range(2):
        assert confirm(token_of(email)).id == mug.id
    (guest,) = waits(mug)
    tell_all(pieces_came(mug))
    (notice,) = Notification.objects(kind="product.back_in_stock", user_id=guest)
    assert {name for name, each in notice.deliveries.items() if each.status == "queued"} == {
        "email"
    }
    deliver(command(notice))
    assert [each.address.email for each in provider.taken("email")] == [email, email]
    assert waits(mug) == []
    assert Guest.objects.get(email=email).expires_at < now() + 8 * DAY


def test_address_that_is_not_confirmed_gets_nothing_but_the_question() -> None:
    mug, email = sold_out(), an_address()
    ask(mug, email)
    guest = Guest.objects.get(email=email)
    subscriptions.store(mug.id, guest.id, now())  # nothing does this without a confirmation
    tell_all(pieces_came(mug))
    (notice,) = Notification.objects(user_id=guest.id)
    assert where(notice, "email")[:2] == ("suppressed", "preferences")


def test_answer_and_work_are_the_same_for_an_address_with_an_account(commands: list[str]) -> None:
    mug, known = sold_out(), User.objects.get(pk=a_reader().user_id).email
    answers, work = [], []
    for email in (an_address(), known):
        commands.clear()
        answers.append(ask(mug, email))
        work.append(list(commands))
    assert answers[0] == answers[1]
    assert work[0] == work[1]


def test_guest_who_waits_for_another_product_stays(provider: Provider) -> None:
    mug, pen, email = sold_out(), sold_out(), an_address()
    for product in (mug, pen):
        ask(product, email)
        confirm(token_of(email))
    tell_all(pieces_came(mug))
    assert Guest.objects.get(email=email).expires_at > now() + 300 * DAY
    assert len(waits(pen)) == 1


def test_link_in_a_guests_mail_ends_all_and_may_be_repeated(provider: Provider) -> None:
    mug, pen, email = sold_out(), sold_out(), an_address()
    for product in (mug, pen):
        ask(product, email)
        confirm(token_of(email))
    tell_all(pieces_came(mug))
    (guest,) = waits(pen)
    (notice,) = Notification.objects(kind="product.back_in_stock", user_id=guest)
    deliver(command(notice))
    (mail,) = provider.taken("email")
    assert mail.unsubscribe_url
    for _ in range(2):
        unsubscribe(mail.unsubscribe_url.rpartition("/")[2])
    assert waits(pen) == []
    assert Guest.objects(email=email).count() == 0


def test_many_requests_for_an_address_are_few_mails_with_the_same_answer() -> None:
    mug, email = sold_out(), an_address()
    assert {ask(mug, email) for _ in range(8)} == {"confirmation_sent"}
    assert 1 <= len(requests_of(email)) <= 4


def test_network_makes_few_requests() -> None:
    mug = sold_out()
    for _ in range(subscribing.REQUESTS_OF_ADDRESS.times):
        ask(mug, an_address())
    with pytest.raises(RateLimited):
        ask(mug, an_address())


def test_requests_at_once_make_one_guest() -> None:
    mug, email = sold_out(), an_address()
    at_once([partial(ask, mug, email)] * 3)
    assert Guest.objects(email=email).count() == 1


def test_link_of_a_guest_who_is_gone_is_refused() -> None:
    mug, email = sold_out(), an_address()
    ask(mug, email)
    token = token_of(email)
    Guest.objects(email=email).delete()
    with pytest.raises(BadStockLink):
        confirm(token)
    assert waits(mug) == []


def test_old_link_is_refused() -> None:
    mug, email = sold_out(), an_address()
    ask(mug, email)
    with pytest.raises(BadStockLink):
        confirm(token_of(email), at=now() + 4 * DAY)


def page_of(handler: Callable[..., Any], token: str) -> tuple[int, str]:
    answer = handler(api_event(pathParameters={"token": token}), CONTEXT)
    return answer["statusCode"], answer["body"]


def test_pages_ask_and_confirm() -> None:
    mug, email = sold_out(), an_address()
    ask(mug, email)
    status, body = page_of(get_stock_notice_page.handler, token_of(email))
    assert (status, "<button" in body, waits(mug)) == (200, True, [])
    assert page_of(confirm_stock_notice.handler, token_of(email))[0] == 200
    assert len(waits(mug)) == 1
    assert page_of(confirm_stock_notice.handler, "nonsense")[0] == 404
    moved(mug, 1)
    status, body = page_of(confirm_stock_notice.handler, token_of(email))
    assert (status, "in stock" in body) == (409, True)


def test_follower_who_also_waits_is_told_once(provider: Provider) -> None:
    mug = sold_out()
    reader = a_waiting_reader(mug)
    event = pieces_came(mug)
    notify(event)
    followers = FollowedEvent.objects.get(pk=event.id)
    tell_followers(TellFollowers.model_validate_json(followers.outbox[-1].body))
    tell_all(event)
    assert the_notification(reader).kind == "product.back_in_stock"
    assert get_products_by_id([mug.id])[mug.id].stock == 5
    outbox.take_stored()
