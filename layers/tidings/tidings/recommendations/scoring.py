"""Compute scores of products from a person's activities; pure functions over stored rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import nlargest
from itertools import chain, islice, zip_longest
from typing import Any, Final

from tidings.recommendations.weights import FIELDS, Field, weight

# If this many people have two products in common, half of their likeness counts; with fewer people
# less.
DAMPING: Final[dict[Field, float]] = {"bought": 2.0, "viewed": 4.0}
# A product's own size counts more than that of the other product (0.5 would be the cosine), because
# the list answers which products are bought with it; the rest prefers less popular ones.
OWN_SIZE: Final = 0.85
# The part of the pairs that popularity alone would make, which is no similarity.
CHANCE: Final = 0.65
# The weight of purchases together, beside views together.
SHARE: Final[dict[Field, float]] = {"bought": 1.0, "viewed": 0.4}
# The strength of a person's activity now, and its half-life.
STRENGTH: Final[dict[Field, float]] = {"bought": 1.0, "viewed": 0.8}
FADES: Final[dict[Field, timedelta]] = {
    "bought": timedelta(days=90),
    "viewed": timedelta(days=7),
}
MAX_SEEDS: Final[dict[Field, int]] = {"bought": 15, "viewed": 15}
# The rest of a much longer row is not used.
MAX_NEIGHBOURS: Final = 100
# A product that was viewed may be recommended again; so may a consumable that was bought.
AGAIN: Final[dict[Field, float]] = {"bought": 0.1, "viewed": 0.15}


class ReasonCode(StrEnum):
    """Why a product is recommended."""

    BECAUSE_BOUGHT = "because_bought"
    BECAUSE_VIEWED = "because_viewed"
    BUY_AGAIN = "buy_again"
    LOOKED_AT = "looked_at"
    POPULAR_IN_CATEGORY = "popular_in_category"
    POPULAR = "popular"


BECAUSE: Final[dict[Field, ReasonCode]] = {
    "bought": ReasonCode.BECAUSE_BOUGHT,
    "viewed": ReasonCode.BECAUSE_VIEWED,
}
ITSELF: Final[dict[Field, ReasonCode]] = {
    "bought": ReasonCode.BUY_AGAIN,
    "viewed": ReasonCode.LOOKED_AT,
}


@dataclass(frozen=True)
class Seed:
    """A product of the person's activities, with its current strength."""

    product_id: str
    field: Field
    strength: float


@dataclass
class Scored:
    """A product, its score, and the seed that adds most to it."""

    product_id: str
    score: float
    code: ReasonCode
    because_id: str
    most: float


def seeds_of(deeds: Mapping[Field, Sequence[tuple[str, datetime]]], at: datetime) -> list[Seed]:
    """Return a person's latest activities of each kind, with their current strength."""
    found = []
    for field in FIELDS:
        latest = nlargest(MAX_SEEDS[field], deeds[field], key=lambda each: each[1])
        for product_id, done_at in latest:
            faded = 2.0 ** (-max(at - done_at, timedelta()) / FADES[field])
            found.append(Seed(product_id, field, STRENGTH[field] * faded))
    return found


def closest(near: Mapping[str, Mapping[str, float]], count: int) -> list[str]:
    """Return `count` products of a row that have most in common with its product."""
    if len(near) <= count:
        return list(near)
    # By kind in turn, because views lose weight faster, so their weights cannot be compared with
    # purchases'. A row without views has more places for purchases.
    ranked = (
        nlargest(count, (each for each in near if field in near[each]), key=_amount(near, field))
        for field in FIELDS
    )
    turns = chain.from_iterable(zip_longest(*ranked))
    kept = dict.fromkeys(each for each in turns if each is not None)
    return list(islice(kept, count))


def _amount(near: Mapping[str, Mapping[str, float]], field: Field) -> Callable[[str], float]:
    return lambda product_id: near[product_id][field]


def neighbours(row: Mapping[str, Any]) -> list[str]:
    """Return the products that are compared with a row's product."""
    return closest(row.get("near") or {}, MAX_NEIGHBOURS)


def chances(
    row: Mapping[str, Any], others: Sequence[str], rows: Mapping[str, Mapping[str, Any]]
) -> dict[Field, float]:
    """Return the part of each other product's pairs that a row has by chance.

    If people took a row's neighbours by popularity only, the row's pairs would be spread over its
    neighbours in proportion to all pairs of each neighbour.
    """
    near = row.get("near") or {}
    found: dict[Field, float] = {}
    for field in FIELDS:
        pairs = {each: _pairs(rows.get(each, {}), field) for each in others}
        # The same products in both sums: some may have no pairs yet.
        here = sum(near[each].get(field, 0.0) for each in others if pairs[each])
        if here > 0.0:
            found[field] = here / sum(pairs.values())
    return found


def likeness(
    row: Mapping[str, Any],
    other_id: str,
    other: Mapping[str, Any],
    at: datetime,
    by_chance: Mapping[Field, float],
) -> dict[Field, float]:
    """Return the similarity of a row's product to another one by kind.

    It is an asymmetric cosine of the people in common, without those that popularity explains, and
    damped if few people support it.
    """
    together = (row.get("near") or {}).get(other_id) or {}
    found: dict[Field, float] = {}
    for field in FIELDS:
        common, own, size = together.get(field, 0.0), row.get(field, 0.0), other.get(field, 0.0)
        explained = CHANCE * by_chance.get(field, 0.0) * _pairs(other, field)
        if common <= max(0.0, explained) or own <= 0.0 or size <= 0.0:
            continue
        people = common / weight(field, at)
        # Rounding, or a deleted part of a person's past, can make it greater than 1.
        cosine = min(1.0, (common - explained) / (own**OWN_SIZE * size ** (1.0 - OWN_SIZE)))
        found[field] = SHARE[field] * cosine * people / (people + DAMPING[field])
    return found


def _pairs(row: Mapping[str, Any], field: Field) -> float:
    """Return all pairs of a product; 0 if only an earlier version counted it, without pairs."""
    pairs: float = (row.get("pairs") or {}).get(field, 0.0)
    return max(0.0, pairs)  # a withdrawn purchase can leave less than nothing, by rounding


def score(
    seeds: Sequence[Seed], rows: Mapping[str, Mapping[str, Any]], at: datetime
) -> list[Scored]:
    """Return all products that the seeds support, the best first.

    Args:
        seeds: the person's activities.
        rows: the rows of the seeds and their neighbours.
        at: the time.
    """
    found: dict[str, Scored] = {}
    for seed in seeds:
        row = rows.get(seed.product_id)
        _note(found, seed.product_id, seed, ITSELF[seed.field], seed.strength * AGAIN[seed.field])
        if not row:
            continue
        others = neighbours(row)
        by_chance = chances(row, others, rows)
        for other_id in others:
            other = rows.get(other_id)
            alike = likeness(row, other_id, other, at, by_chance) if other else {}
            if alike:
                amount = seed.strength * sum(alike.values())
                _note(found, other_id, seed, BECAUSE[seed.field], amount)
    return sorted(found.values(), key=lambda each: (-each.score, each.product_id))


def _note(
    found: dict[str, Scored], product_id: str, seed: Seed, code: ReasonCode, amount: float
) -> None:
    """Add to a product's score; the seed that adds most becomes the reason."""
    known = found.get(product_id)
    if known is None:
        found[product_id] = Scored(product_id, amount, code, seed.product_id, amount)
        return
    known.score += amount
    if amount > known.most:
        known.most, known.code, known.because_id = amount, code, seed.product_id
