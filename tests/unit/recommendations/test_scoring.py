"""Tests of the computation of recommendations from a person's activities."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidings.recommendations.scoring import (
    MAX_NEIGHBOURS,
    MAX_SEEDS,
    ReasonCode,
    Seed,
    chances,
    closest,
    likeness,
    neighbours,
    score,
    seeds_of,
)
from tidings.recommendations.weights import Field, weight

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def row(
    bought: float = 0, near: dict[str, float] | None = None, pairs: float = 0
) -> dict[str, Any]:
    """Return a product's row for this number of people who bought it just now."""
    unit = weight("bought", NOW)
    together = {other: {"bought": each * unit} for other, each in (near or {}).items()}
    return {"bought": bought * unit, "near": together, "pairs": {"bought": pairs * unit}}


def alike(rows: dict[str, dict[str, Any]], one: str, other: str, at: datetime = NOW) -> float:
    """Return the similarity of two products by purchases; 0 without any."""
    by_chance = chances(rows[one], neighbours(rows[one]), rows)
    return likeness(rows[one], other, rows[other], at, by_chance).get("bought", 0.0)


def test_more_common_people_mean_more_similarity() -> None:
    rows = {"tent": row(10, {"bag": 8, "mat": 4}), "bag": row(10), "mat": row(10)}
    assert alike(rows, "tent", "bag") > alike(rows, "tent", "mat") > 0


def test_popular_product_is_less_similar() -> None:
    rows = {
        "tent": row(10, {"bag": 8, "gift card": 8}, pairs=16),
        "bag": row(10, pairs=20),
        "gift card": row(1_000, pairs=900),
    }
    assert alike(rows, "tent", "gift card") < alike(rows, "tent", "bag") / 5


def test_product_of_few_pairs_is_less_popular_than_its_buyers_say() -> None:
    alone = {"tent": row(10, {"b": 4, "c": 4}), "b": row(50, pairs=10), "c": row(50, pairs=10)}
    in_crowds = {**alone, "b": row(50, pairs=100)}
    assert alike(in_crowds, "tent", "b") < alike(alone, "tent", "b")


def test_pairs_that_popularity_explains_are_no_similarity() -> None:
    rows = {"tent": row(10, {"b": 1, "c": 9}), "b": row(99, pairs=99), "c": row(9, pairs=9)}
    assert alike(rows, "tent", "b") == 0
    assert alike(rows, "tent", "c") > 0


def test_first_product_counted_with_pairs_is_not_taken_for_the_only_popular_one() -> None:
    rows = {"tent": row(10, {"b": 5, "c": 5}), "b": row(10, pairs=1), "c": row(10)}
    del rows["c"]["pairs"]  # counted by an earlier version only
    assert alike(rows, "tent", "b") > 0
    assert alike(rows, "tent", "c") > 0


def test_one_basket_counts_less_than_many() -> None:
    once = {"a": row(1, {"b": 1}), "b": row(1)}
    often = {"a": row(50, {"b": 50}), "b": row(50)}
    assert alike(once, "a", "b") < alike(often, "a", "b") / 2


def test_old_baskets_count_less_than_new_ones() -> None:
    rows = {"a": row(3, {"b": 3}), "b": row(3)}
    then = NOW + timedelta(days=2 * 365)
    assert alike(rows, "a", "b", then) < alike(rows, "a", "b") / 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (row(1), row(1)),
        (row(0, {"b": 1}), row(1)),
        (row(1, {"b": -1e-9}), row(1)),
        ({}, {}),
        ({"bought": 0.0, "near": None}, row(1)),
    ],
)
def test_nothing_in_common_means_no_similarity(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert likeness(first, "b", second, NOW, {}) == {}


def test_similarity_is_at_most_one() -> None:
    assert alike({"a": row(1, {"b": 100}), "b": row(1)}, "a", "b") <= 1.0


def test_later_activity_counts_more_and_only_the_latest_are_used() -> None:
    deeds = [(f"p{age}", NOW - timedelta(days=age)) for age in range(50)]
    seeds = seeds_of({"bought": deeds, "viewed": []}, NOW)
    assert [each.product_id for each in seeds] == [f"p{age}" for age in range(MAX_SEEDS["bought"])]
    strengths = [each.strength for each in seeds]
    assert strengths == sorted(strengths, reverse=True)


def test_activity_in_the_future_counts_like_one_of_now() -> None:
    ahead, at_once = seeds_of(
        {"bought": [("a", NOW + timedelta(minutes=4)), ("b", NOW)], "viewed": []}, NOW
    )
    assert ahead.strength == at_once.strength


def test_reason_is_the_activity_with_the_most_weight() -> None:
    rows = {
        "tent": row(10, {"bag": 9}),
        "novel": row(10, {"bag": 1}),
        "bag": row(10),
    }
    seeds = [Seed("novel", "bought", 1.0), Seed("tent", "viewed", 1.0)]
    bag = next(each for each in score(seeds, rows, NOW) if each.product_id == "bag")
    assert (bag.code, bag.because_id) == (ReasonCode.BECAUSE_VIEWED, "tent")


def test_seeds_themselves_have_their_own_reason() -> None:
    found = score([Seed("a", "bought", 1.0), Seed("b", "viewed", 1.0)], {}, NOW)
    assert {each.product_id: each.code for each in found} == {
        "a": ReasonCode.BUY_AGAIN,
        "b": ReasonCode.LOOKED_AT,
    }


def test_equal_scores_have_a_stable_order() -> None:
    seeds = [Seed(each, "viewed", 1.0) for each in ("c", "a", "b")]
    assert [each.product_id for each in score(seeds, {}, NOW)] == ["a", "b", "c"]


@pytest.mark.parametrize("field", ["bought", "viewed"])
def test_long_row_is_cut_to_the_most_similar_products(field: Field) -> None:
    near: dict[str, dict[str, float]] = {
        f"p{number}": {field: float(number)} for number in range(1_000)
    }
    kept = neighbours({"near": near})
    assert len(kept) <= MAX_NEIGHBOURS
    assert set(kept) >= {"p999", "p998"}
    assert closest(near, 2_000) == list(near)


def test_row_without_views_is_cut_to_its_purchases() -> None:
    near = {f"p{number}": {"bought": float(number)} for number in range(1_000)}
    best = {f"p{number}" for number in range(1_000 - MAX_NEIGHBOURS, 1_000)}
    assert set(neighbours({"near": near})) == best


def test_purchases_and_views_share_a_row_that_is_cut() -> None:
    bought = {f"b{number}": {"bought": 1.0 + number} for number in range(200)}
    viewed = {f"v{number}": {"viewed": 1_000.0 + number} for number in range(200)}
    kept = neighbours({"near": bought | viewed})
    assert len(kept) == MAX_NEIGHBOURS
    assert sum(each.startswith("b") for each in kept) == MAX_NEIGHBOURS / 2
