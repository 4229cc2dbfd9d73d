"""Tests of the selection of a campaign's audience."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.builders import a_product, an_order
from tests.integration.campaigns.builders import customers, someone
from tidings.campaigns import audiences
from tidings.campaigns.audiences import chunk_after, size_of
from tidings.campaigns.models import CampaignAudience
from tidings.orders.models import Order
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.users.models import User


def meant(**conditions: object) -> set[str]:
    audience = CampaignAudience(**conditions)
    everybody = set(chunk_after(audience, None, now(), 1000).user_ids)
    assert size_of(audience, now(), seconds=60) == (len(everybody), True)
    return everybody


def bought(person: Principal, category: str, *, days_ago: int = 0, state: str = "paid") -> None:
    product = a_product(categories=[category], state="active")
    order = an_order(product, customer=person)
    at = now() - timedelta(days=days_ago)
    Order.objects(pk=order.id).update_one(set__created_at=at, set__state=state)


def test_all_are_the_customers_with_an_account() -> None:
    first, second, gone = someone(), someone(), someone()
    someone(Role.OPERATOR)
    someone(Role.ADMIN)
    User.objects(pk=gone.user_id).update_one(set__deleted_at=now())
    assert meant() == {first.user_id, second.user_id}


@pytest.mark.parametrize(
    ("chosen", "wanted", "is_meant"),
    [
        ("de", "de", True),
        ("de-AT", "de", True),
        ("en", "de", False),
        (None, "en", True),
        (None, "de", False),
        ("en-GB", "en", True),
        ("es-419", "es", True),
        ("es-419", "es-419", True),
        ("es", "es-419", False),
        ("zh-Hans-CN", "zh-Hans", True),
        ("zh-Hant", "zh-Hans", False),
        ("den", "de", False),
    ],
)
def test_language_is_the_persons_preference(
    chosen: str | None, wanted: str, is_meant: bool
) -> None:
    person = someone()
    if chosen:
        User.objects(pk=person.user_id).update_one(set__preferences={"language": chosen})
    assert (person.user_id in meant(language=wanted)) == is_meant


def test_category_selects_by_purchases_that_were_not_cancelled() -> None:
    pens, ink, cancelled, _ = (someone() for _ in range(4))
    bought(pens, "pens")
    bought(pens, "ink")
    bought(ink, "ink")
    bought(cancelled, "pens", state="cancelled")
    assert meant(bought_category="pens") == {pens.user_id}
    assert meant(bought_category="ink") == {pens.user_id, ink.user_id}
    assert meant(bought_category="cars") == set()


def test_inactive_people_have_not_ordered_and_are_not_new() -> None:
    long_ago, lately, never = someone(), someone(), someone()
    someone(registered=now() - timedelta(days=3))
    bought(long_ago, "pens", days_ago=90)
    bought(lately, "pens", days_ago=5)
    assert meant(inactive_days=30) == {long_ago.user_id, never.user_id}


def test_conditions_are_combined_with_and() -> None:
    fits, other = someone(), someone()
    for person in (fits, other):
        bought(person, "pens", days_ago=90)
    User.objects(pk=fits.user_id).update_one(set__preferences={"language": "de"})
    found = meant(bought_category="pens", inactive_days=30, language="de")
    assert found == {fits.user_id}


def test_people_are_read_in_chunks() -> None:
    people = [someone().user_id for _ in range(7)]
    walked, after = [], None
    while True:
        chunk = chunk_after(CampaignAudience(), after, now(), 3)
        walked.append(chunk.user_ids)
        if chunk.last_id is None:
            break
        after = chunk.last_id
    assert walked == [people[:3], people[3:6], people[6:]]


def test_chunk_in_which_nobody_fits_is_not_the_last() -> None:
    people = customers(7, language="de")
    (rare,) = customers(1, language="is")
    audience = CampaignAudience(language="is")
    assert chunk_after(audience, None, now(), 3) == ([], people[2])
    assert chunk_after(audience, people[2], now(), 3) == ([], people[5])
    assert chunk_after(audience, people[5], now(), 3) == ([rare], None)


@pytest.mark.parametrize("condition", [{}, {"language": "de"}, {"inactive_days": 30}])
def test_counting_stops_at_its_time_limit_and_reports_it(
    condition: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "PEOPLE_PER_COUNT", 2)
    customers(5, language="de")
    audience = CampaignAudience(**condition)
    assert size_of(audience, now(), seconds=-1) == (2, False)
    assert size_of(audience, now(), seconds=60) == (5, True)


def test_counting_goes_on_after_a_chunk_in_which_nobody_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audiences, "PEOPLE_PER_COUNT", 2)
    customers(5, language="de")
    customers(1, language="is")
    rare = CampaignAudience(language="is")
    assert size_of(rare, now(), seconds=-1) == (0, False)
    assert size_of(rare, now(), seconds=60) == (1, True)
