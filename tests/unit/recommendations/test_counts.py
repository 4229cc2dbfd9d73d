"""Tests of the sums over activities: each person counts once, later activities count more."""

from datetime import UTC, datetime, timedelta
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.recommendations.counts import MAX_PAIRED, additions
from tidings.recommendations.weights import FIELDS, HALF_LIFE, LANDMARK, Field, heat, weight

NOW = datetime(2026, 12, 1, tzinfo=UTC)
EACH_FIELD = pytest.mark.parametrize("field", FIELDS)


@EACH_FIELD
def test_activity_one_half_life_later_has_twice_the_weight(field: Field) -> None:
    assert weight(field, NOW + HALF_LIFE[field]) == pytest.approx(2 * weight(field, NOW))
    assert weight(field, LANDMARK) == 1.0


@EACH_FIELD
def test_weights_can_be_computed_for_eighty_years(field: Field) -> None:
    later = LANDMARK + timedelta(days=80 * 365)
    assert weight(field, later) < float("inf")
    assert heat(field, later) < float("inf")


def test_new_product_is_paired_with_the_persons_others() -> None:
    before = NOW - timedelta(days=90)
    added = additions([("new", NOW)], [("old", before)], "bought")
    together = sqrt(weight("bought", NOW) * weight("bought", before))
    assert added["new"] == {
        "bought": weight("bought", NOW),
        "heat": heat("bought", NOW),
        "near.old.bought": together,
        "pairs.bought": together,
    }
    assert added["old"] == {"near.new.bought": together}


def test_pair_belongs_to_the_later_product_whichever_is_counted_first() -> None:
    old, new = ("old", NOW - timedelta(days=90)), ("new", NOW)
    in_time = additions([new], [old], "bought")
    late = additions([old], [new], "bought")
    assert in_time["new"]["pairs.bought"] == late["new"]["pairs.bought"] > 0
    assert "pairs.bought" not in in_time["old"]
    assert "pairs.bought" not in late["old"]


def test_pair_of_one_basket_belongs_to_both_products() -> None:
    added = additions([("a", NOW), ("b", NOW), ("c", NOW)], [], "bought")
    pairs = {each: added[each]["pairs.bought"] for each in "abc"}
    assert pairs == dict.fromkeys("abc", pytest.approx(2 * weight("bought", NOW)))


def test_products_of_one_basket_are_paired_once() -> None:
    added = additions([("a", NOW), ("b", NOW), ("c", NOW)], [], "viewed")
    assert [set(added[each]) - {"viewed", "heat", "pairs.viewed"} for each in "abc"] == [
        {"near.b.viewed", "near.c.viewed"},
        {"near.a.viewed", "near.c.viewed"},
        {"near.a.viewed", "near.b.viewed"},
    ]


def test_person_with_many_products_is_paired_with_the_latest_only() -> None:
    known = [(f"p{number:03}", NOW) for number in range(100)]
    added = additions([("new", NOW)], known, "viewed")
    assert len(added) == 1 + MAX_PAIRED["viewed"]
    assert "p099" in added
    assert "p000" not in added


times = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
products = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(products, st.lists(times, min_size=8, max_size=8), st.sampled_from(FIELDS))
def test_removed_activity_leaves_nothing(
    names: list[str], at: list[datetime], field: Field
) -> None:
    deeds = list(zip(names, at, strict=False))
    new, known = deeds[:4], deeds[4:]
    there = additions(new, known, field)
    back = additions(new, known, field, sign=-1)
    assert back == {p: {path: -x for path, x in paths.items()} for p, paths in there.items()}
