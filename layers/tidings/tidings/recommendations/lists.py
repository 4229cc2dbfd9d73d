"""Compute people's lists from their profiles, store them there, fill them with popular products."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pymongo import UpdateOne

from tidings.platform.logging import logger
from tidings.platform.storage import database
from tidings.platform.storage.rows import rows_of
from tidings.platform.timing.clock import now
from tidings.products.queries import get_products_on_sale
from tidings.products.schemas import ProductView
from tidings.recommendations import list_cache
from tidings.recommendations.models import BROWSING_LASTS, CustomerProfile, Demand, Row, suggestion
from tidings.recommendations.scoring import (
    BECAUSE,
    ReasonCode,
    Scored,
    Seed,
    closest,
    neighbours,
    score,
    seeds_of,
)
from tidings.recommendations.weights import FIELDS

# Longer than the list that is shown, because products that are sold out by then are left out.
LIST_SIZE: Final = 50
MAX_CANDIDATES: Final = 150
MAX_CATEGORIES: Final = 3
# A row that is more than twice as long is cut to the best of this many; the rest is hardly used.
MAX_ROW: Final = 200
# Rounding may leave less than this after an activity is withdrawn; that is no demand.
MIN_HEAT: Final = 0.01
# A shorter list is filled with products that are popular in any category.
SHORT_LIST: Final = 10
# An environment may use popular products of this many seconds ago, of this many sets of categories.
POPULAR_SECONDS: Final = 60.0
MAX_KEPT: Final = 200
CONSUMABLE: Final = "consumable"

Stored = dict[str, Any]
Rows = Mapping[str, Mapping[str, Any]]


def compute_list(user_id: str, at: datetime | None = None) -> CustomerProfile | None:
    """Compute and store a person's list; return None if nothing is known about the person."""
    return next(iter(compute_lists([user_id], at)), None)


def compute_lists(user_ids: Iterable[str], at: datetime | None = None) -> list[CustomerProfile]:
    """Compute and store the lists of people, with the database commands of one.

    Returns:
        The profiles, as rows with their new lists, of those people whose activity is known.
    """
    people = list(user_ids)
    if not people:
        return []
    found = CustomerProfile._get_collection().find({"_id": {"$in": people}})
    profiles, computed_at = list(found), at or now()
    drafts = _drafts(profiles, computed_at)
    wanted = {each for draft in drafts for each in draft.products}
    products = get_products_on_sale(sorted(wanted))
    for profile, draft in zip(profiles, drafts, strict=True):
        profile["suggestions"] = _suggestions(draft, products)
        profile["computed_at"] = computed_at
    _store(profiles, computed_at)
    return list(rows_of(CustomerProfile, profiles))


def popular(limit: int, categories: Sequence[str] = ()) -> list[Stored]:
    """Return popular products of these categories, or the best of all categories in turn.

    They have the stored form of suggestions.
    """
    where = {"categories": {"$in": list(categories)}} if categories else {}
    found = Demand._get_collection().find({"heat": {"$gte": MIN_HEAT}, **where}, ["categories"])
    most = LIST_SIZE * 2 if categories else MAX_CANDIDATES
    # The rank of a product in its category: first the best of each, then the second, and so on.
    ranks: Counter[str] = Counter()
    ranked = []
    for row in found.sort("heat", -1).limit(most):
        own = row.get("categories") or []
        shared = [each for each in own if each in categories] or own
        category = shared[0] if shared else None
        ranked.append((ranks[category or ""], row["_id"], category))
        ranks[category or ""] += 1
    ranked = ranked if categories else sorted(ranked, key=lambda each: each[0])
    return [
        suggestion(
            product_id,
            0.0,
            (ReasonCode.POPULAR_IN_CATEGORY if category else ReasonCode.POPULAR).value,
            category=category,
        )
        for _, product_id, category in ranked[:limit]
    ]


class _Popular:
    """The popular products of categories, read again after `POPULAR_SECONDS`.

    Each list may need them, and to read them takes as long as all other reads of a list together.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._kept: dict[tuple[str, ...], list[Stored]] = {}

    def of(self, categories: tuple[str, ...]) -> list[Stored]:
        if time.monotonic() >= self._until or len(self._kept) >= MAX_KEPT:
            self._kept, self._until = {}, time.monotonic() + POPULAR_SECONDS
        if categories not in self._kept:
            self._kept[categories] = popular(LIST_SIZE, categories)
        return self._kept[categories]

    def forget(self) -> None:
        self._until = 0.0


_popular: Final = _Popular()


def forget_popular() -> None:
    """Read popular products again at their next use."""
    _popular.forget()


def is_consumable(product: ProductView) -> bool:
    """Say whether a product, or one of its categories, is marked as used up and bought again."""
    said = product.attributes.get(CONSUMABLE, "").lower()
    return said in {"true", "yes", "1"} or CONSUMABLE in {c.rstrip("s") for c in product.categories}


class _Draft(NamedTuple):
    """A person's list before it is known which products are on sale."""

    scored: Sequence[Scored]
    fill: Sequence[Stored]
    seen: frozenset[str]
    bought: frozenset[str]

    @property
    def products(self) -> set[str]:
        """The products that it needs."""
        ids = [each.product_id for each in self.scored]
        return {*ids, *(each["product_id"] for each in self.fill), *self.seen}


def _drafts(profiles: Sequence[Stored], at: datetime) -> list[_Draft]:
    seeds = []
    for each in profiles:
        # Views are not kept longer here than in the activities.
        viewed = each.get("viewed") or ()
        each["viewed"] = [view for view in viewed if view["at"] > at - BROWSING_LASTS]
        deeds = {
            field: [(d["product_id"], d["at"]) for d in each.get(field) or ()] for field in FIELDS
        }
        seeds.append(seeds_of(deeds, at))
    known = _read_rows({seed.product_id for own in seeds for seed in own})
    return [
        _draft(profile, own, known, score(own, known, at))
        for profile, own in zip(profiles, seeds, strict=True)
    ]


def _draft(
    profile: Stored,
    seeds: Sequence[Seed],
    known: Rows,
    scored: Sequence[Scored],
) -> _Draft:
    bought = frozenset(each["product_id"] for each in profile.get("bought") or ())
    filled = _popular.of(tuple(_favourite_categories(seeds, known)))
    if len(scored) + len(filled) < SHORT_LIST + len(bought):
        filled = filled + _popular.of(())
    seen = frozenset(each.product_id for each in seeds)
    return _Draft(scored[:MAX_CANDIDATES], filled, seen, bought)


def _suggestions(draft: _Draft, products: Mapping[str, ProductView]) -> list[Stored]:
    def may_come(product_id: str) -> bool:
        product = products.get(product_id)
        return product is not None and (product_id not in draft.bought or is_consumable(product))

    found = {
        each.product_id: _suggestion(each, products)
        for each in draft.scored
        if may_come(each.product_id)
    }
    for each in draft.fill:
        if may_come(each["product_id"]):
            found.setdefault(each["product_id"], each)
    return list(found.values())[:LIST_SIZE]


def _suggestion(scored: Scored, products: Mapping[str, ProductView]) -> Stored:
    because = scored.because_id if scored.code in BECAUSE.values() else None
    product = products.get(because) if because else None
    return suggestion(
        scored.product_id,
        round(scored.score, 6),
        scored.code.value,
        because_id=because,
        because_title=product.title if product else None,
    )


def _store(profiles: Sequence[Stored], at: datetime) -> None:
    if not profiles:
        return
    updates = [
        UpdateOne(
            {"_id": each["_id"]},
            {
                "$set": {"suggestions": each["suggestions"], "computed_at": at},
                "$pull": {"viewed": {"at": {"$lte": at - BROWSING_LASTS}}},
            },
        )
        for each in profiles
    ]
    with database.writing_many(len(updates)):
        CustomerProfile._get_collection().bulk_write(updates, ordered=False)
    list_cache.forget([each["_id"] for each in profiles])


def _favourite_categories(seeds: Iterable[Seed], known: Rows) -> list[str]:
    strengths: Counter[str] = Counter()
    for seed in seeds:
        for category in known.get(seed.product_id, {}).get("categories") or ():
            strengths[category] += seed.strength  # type: ignore[assignment]
    return [category for category, _ in strengths.most_common(MAX_CATEGORIES)]


def _read_rows(seeds: Collection[str]) -> Rows:
    """Return the rows of the seeds, with the demand for them and their neighbours."""
    known: dict[str, Stored] = {}
    for row in _find(Row, seeds):
        _shorten(row)
        known[row["_id"]] = row
    near = {each for row in known.values() for each in neighbours(row)}
    for demand in _find(Demand, near.union(seeds)):
        known[demand["_id"]] = known.get(demand["_id"], {}) | demand
    return known


def _find(kind: type[Row] | type[Demand], ids: Collection[str]) -> Iterable[Stored]:
    return kind._get_collection().find({"_id": {"$in": list(ids)}}) if ids else ()


def _shorten(row: Mapping[str, Any]) -> None:
    """Cut a row that is too long."""
    near = row.get("near") or {}
    if len(near) <= 2 * MAX_ROW:
        return
    kept = set(closest(near, MAX_ROW))
    cut = {f"near.{each}": 1 for each in near if each not in kept}
    Row._get_collection().update_one({"_id": row["_id"]}, {"$unset": cut})
    logger.info("product row shortened", product_id=row["_id"], neighbours=len(near))
