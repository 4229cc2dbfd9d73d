"""The daily job computes all lists in chunks, and notifies people of better ones."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from recommendations import (
    compute_recommendations as job,
)
from recommendations import (
    recommendations as consumer,
)
from recommendations import (
    refresh_recommendations as chunk_consumer,
)

from tests.integration.builders import CONTEXT, Queues, a_person, a_product
from tests.integration.recommendations.builders import (
    a_customer,
    buys,
    learn_all,
    list_of,
    looks_at,
    taste_of,
    titles_of,
    waiting,
)
from tidings.delivery.models import Notification
from tidings.notifications.notifying import notify
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.products.operations import adjust_stock
from tidings.products.schemas import AdjustStock, ProductView
from tidings.recommendations import refresh
from tidings.recommendations.events import RefreshRecommendationsData
from tidings.recommendations.models import Activity, CustomerProfile, Run
from tidings.recommendations.refresh import compute_recommendations, refresh_chunk
from tidings.users.models import User

DAY = timedelta(days=1)


@pytest.fixture
def camping() -> list[ProductView]:
    """Return products that many people bought together."""
    made = [a_product(title=title) for title in ("Tent", "Bag", "Mat", "Stove", "Lamp")]
    for _ in range(3):
        buys(a_customer(), *made)
    learn_all()
    CustomerProfile.objects.delete()  # only the person of the test should be notified
    return made


def everybody(at: datetime) -> RefreshRecommendationsData:
    return RefreshRecommendationsData(
        scheduled_at=at, first_user_id="0" * 24, last_user_id="f" * 24
    )


def told(person: Principal) -> list[list[str]]:
    """Return the products of each announcement to the person."""
    return [
        [product.title for product in event.data.products]
        for event in waiting(CustomerProfile)
        if event.subject == person.user_id
    ]


def camper(camping: list[ProductView], **preferences: object) -> Principal:
    person = a_customer(**preferences)
    buys(person, camping[0])
    learn_all()
    return person


def test_new_list_is_announced_once(camping: list[ProductView]) -> None:
    person, at = camper(camping), now()
    assert refresh_chunk(everybody(at)) == 1
    assert refresh_chunk(everybody(at)) == 0
    assert refresh_chunk(everybody(at + DAY)) == 0
    (titles,) = told(person)
    assert set(titles) == {"Bag", "Mat", "Stove", "Lamp"}


def test_person_is_notified_in_the_inbox(camping: list[ProductView]) -> None:
    person = camper(camping)
    refresh_chunk(everybody(now()))
    (event,) = waiting(CustomerProfile)
    notify(event)
    notification = Notification.objects.get(user_id=person.user_id)
    assert "Because you bought Tent" in notification.body


def test_person_reads_the_reason_in_their_own_language(camping: list[ProductView]) -> None:
    person = camper(camping, language="de")
    refresh_chunk(everybody(now()))
    (event,) = waiting(CustomerProfile)
    notify(event)
    notification = Notification.objects.get(user_id=person.user_id)
    assert "Weil Sie „Tent“ gekauft haben" in notification.body


def test_small_change_of_a_list_is_not_announced(camping: list[ProductView]) -> None:
    person, at = camper(camping), now()
    refresh_chunk(everybody(at))
    looks_at(person, camping[1])
    learn_all()
    assert refresh_chunk(everybody(at + 2 * DAY)) == 0


def test_large_change_of_a_list_is_announced(camping: list[ProductView]) -> None:
    person, at = camper(camping), now()
    refresh_chunk(everybody(at))
    books = [a_product(title=title) for title in ("Novel", "Atlas", "Essay")]
    for _ in range(3):
        buys(a_customer(), *books)
    buys(person, books[0])
    learn_all()
    refresh_chunk(everybody(at + DAY))
    assert {"Atlas", "Essay"} <= set(told(person)[-1])


@pytest.mark.parametrize(
    ("preferences", "days"),
    [
        ({"digest": "off"}, 1),
        ({"digest": "daily"}, 1),
        ({"digest": "weekly"}, 7),
    ],
)
def test_announcements_are_limited_by_the_preference(
    preferences: dict[str, object], days: int, camping: list[ProductView]
) -> None:
    person, at = camper(camping, **preferences), now()
    refresh_chunk(everybody(at))
    CustomerProfile.objects(pk=person.user_id).update_one(set__announced=[])  # all are new again
    assert refresh_chunk(everybody(at + days * DAY - timedelta(hours=2))) == 0
    assert refresh_chunk(everybody(at + days * DAY)) == 1


def test_person_without_announcements_still_has_a_list(
    camping: list[ProductView],
) -> None:
    nothing = {"inbox": False, "email": False, "push": False}
    person = camper(camping, recommendations=nothing)
    assert refresh_chunk(everybody(now())) == 0
    assert titles_of(person)


def test_popular_products_are_not_announced(camping: list[ProductView]) -> None:
    person = a_customer()
    looks_at(person, a_product(title="Vase"))
    learn_all()
    assert refresh_chunk(everybody(now())) == 0
    assert titles_of(person)


def test_sold_out_product_is_not_announced(camping: list[ProductView]) -> None:
    person = camper(camping)
    for each in camping[1:4]:
        adjust_stock(
            each.id, AdjustStock(change=-10, reason="Sold."), caller=a_person(Role.OPERATOR)
        )
    assert refresh_chunk(everybody(now())) == 0  # one product is not enough for an announcement
    assert told(person) == []


def test_expired_views_are_removed(camping: list[ProductView]) -> None:
    person, at = a_customer(), now()
    looks_at(person, camping[0], at=at)
    learn_all()
    refresh_chunk(everybody(at + 31 * DAY))
    assert taste_of(person).viewed == []
    assert {each.reason.code for each in list_of(person)} <= {"popular", "popular_in_category"}


def test_person_without_an_account_is_removed(camping: list[ProductView]) -> None:
    person = camper(camping)
    User.objects(pk=person.user_id).update_one(set__deleted_at=now())
    refresh_chunk(everybody(now()))
    assert CustomerProfile.objects.count() == 0
    assert Activity.objects(user_id=person.user_id).count() == 0


# ------------------------------------------------------------------ in chunks

FIVE = datetime(2026, 12, 1, 5, tzinfo=UTC)


def people(count: int) -> None:
    product = a_product()
    CustomerProfile.objects.insert(
        [
            CustomerProfile(
                id=a_customer().user_id,
                active_at=FIVE,
                bought=[
                    {"product_id": product.id, "since": FIVE, "at": FIVE, "activity_id": "none"}
                ],
            )
            for _ in range(count)
        ]
    )


def test_job_requests_chunks_once_for_its_time(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "PEOPLE_PER_CHUNK", 2)
    people(5)
    assert compute_recommendations(FIVE) == 3
    assert compute_recommendations(FIVE) == 0
    publish_stored()
    messages = queues.take("recommendations.refresh", 3)
    ranges = [(m.event["data"]["first_user_id"], m.event["data"]["last_user_id"]) for m in messages]
    covered = [
        each
        for each in CustomerProfile.objects.order_by("pk").scalar("pk")
        if any(first <= each <= last for first, last in ranges)
    ]
    assert len(covered) == 5
    assert compute_recommendations(FIVE + DAY) == 3


def test_inactive_person_is_left_out() -> None:
    people(1)
    CustomerProfile.objects.update(set__active_at=FIVE - 91 * DAY)
    assert compute_recommendations(FIVE) == 0
    assert Run.objects.count() == 0


def test_job_and_its_chunks_go_through_the_queues(queues: Queues) -> None:
    people(3)
    summary = job.handler({"time": FIVE.isoformat(), "id": "rule-1"}, CONTEXT)
    assert summary == {"chunks_asked_for": 1}
    messages = queues.take("recommendations.refresh", 1)
    for _ in range(2):  # as if it was delivered twice
        chunk_consumer.handler(queues.event_of("recommendations.refresh", messages), CONTEXT)
    assert CustomerProfile.objects(computed_at=FIVE).count() == 3
    assert queues.is_empty("failed-messages")


def test_activities_are_counted_through_the_queue(queues: Queues) -> None:
    person, product = a_customer(), a_product()
    buys(person, product)
    publish_stored()
    messages = queues.take("recommendations", 1)
    for _ in range(2):
        consumer.handler(queues.event_of("recommendations", messages), CONTEXT)
    take_stored()
    assert [each.product_id for each in taste_of(person).bought] == [product.id]
    assert json.loads(messages[0].body)["type"] == "activity.purchased"
