"""Compute a person's list from their profile, store it there, and fill it with popular products."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tidings.platform.logging import logger
from tidings.platform.timing.clock import now
from tidings.products.queries import get_products_on_sale
from tidings.products.schemas import ProductView
from tidings.recommendations import list_cache
from tidings.recommendations.models import BROWSING_LASTS, CustomerProfile, Demand, Row, Suggestion
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
CONSUMABLE: Final = "consumable"

Rows = dict[str, Mapping[str, Any]]


def compute_list(
    user_id: str, at: datetime | None = None, rows: Rows | None = None
) -> CustomerProfile | None:
    """Compute and store a person's list; return None if nothing is known about the person.

    Args:
        user_id: the person.
        at: the time.
        rows: rows that were read for other people; more are added to it.
    """
    profile: CustomerProfile | None = CustomerProfile.objects(pk=user_id).first()
    if profile is None:
        return None
    computed_at = at or now()
    # Views are not kept longer here than in the activities.
    profile.viewed = [each for each in profile.viewed if each.at > computed_at - BROWSING_LASTS]
    seeds = seeds_of(
        {field: [(each.product_id, each.at) for each in profile[field]] for field in FIELDS},
        computed_at,
    )
    rows = {} if rows is None else rows
    _read_rows(rows, seeds)
    profile.suggestions = _suggestions(profile, seeds, score(seeds, rows, computed_at), rows)
    profile.computed_at = computed_at
    CustomerProfile.objects(pk=user_id).update_one(
        set__suggestions=profile.suggestions,
        set__computed_at=computed_at,
        __raw__={"$pull": {"viewed": {"at": {"$lte": computed_at - BROWSING_LASTS}}}},
    )
    list_cache.forget([user_id])
    return profile


def popular(limit: int, categories: Sequence[str] = ()) -> list[Suggestion]:
    """Return popular products of these categories, or the best of all categories in turn."""
    where = {"categories__in": categories} if categories else {}
    found = Demand.objects(heat__gte=MIN_HEAT, **where)
    most = LIST_SIZE * 2 if categories else MAX_CANDIDATES
    rows = list(found.only("categories").order_by("-heat").limit(most))
    # The rank of a product in its category: first the best of each, then the second, and so on.
    ranks: Counter[str] = Counter()
    ranked = []
    for row in rows:
        shared = [each for each in row.categories if each in categories] or row.categories
        category = shared[0] if shared else None
        ranked.append((ranks[category or ""], row.id, category))
        ranks[category or ""] += 1
    ranked = ranked if categories else sorted(ranked, key=lambda each: each[0])
    return [
        Suggestion(
            product_id=product_id,
            score=0.0,
            code=(ReasonCode.POPULAR_IN_CATEGORY if category else ReasonCode.POPULAR).value,
            category=category,
        )
        for _, product_id, category in ranked[:limit]
    ]


def is_consumable(product: ProductView) -> bool:
    """Say whether a product, or one of its categories, is marked as used up and bought again."""
    said = product.attributes.get(CONSUMABLE, "").lower()
    return said in {"true", "yes", "1"} or CONSUMABLE in {c.rstrip("s") for c in product.categories}


def _suggestions(
    profile: CustomerProfile, seeds: Sequence[Seed], scored: Sequence[Scored], rows: Rows
) -> list[Suggestion]:
    fill = popular(LIST_SIZE, _favourite_categories(seeds, rows))
    if len(scored) + len(fill) < SHORT_LIST + len(profile.bought):
        fill += popular(LIST_SIZE)
    candidates = [each.product_id for each in scored[:MAX_CANDIDATES]]
    seen = {each.product_id for each in seeds}
    wanted = dict.fromkeys([*candidates, *(each.product_id for each in fill), *seen])
    products = get_products_on_sale(list(wanted))
    bought = {each.product_id for each in profile.bought}

    def may_come(product_id: str) -> bool:
        product = products.get(product_id)
        return product is not None and (product_id not in bought or is_consumable(product))

    found = {
        each.product_id: _suggestion(each, products)
        for each in scored[:MAX_CANDIDATES]
        if may_come(each.product_id)
    }
    for each in fill:
        if may_come(each.product_id):
            found.setdefault(each.product_id, each)
    return list(found.values())[:LIST_SIZE]


def _suggestion(scored: Scored, products: Mapping[str, ProductView]) -> Suggestion:
    because = scored.because_id if scored.code in BECAUSE.values() else None
    product = products.get(because) if because else None
    return Suggestion(
        product_id=scored.product_id,
        score=round(scored.score, 6),
        code=scored.code.value,
        because_id=because,
        because_title=product.title if product else None,
    )


def _favourite_categories(seeds: Iterable[Seed], rows: Rows) -> list[str]:
    strengths: Counter[str] = Counter()
    for seed in seeds:
        for category in rows.get(seed.product_id, {}).get("categories") or ():
            strengths[category] += seed.strength  # type: ignore[assignment]
    return [category for category, _ in strengths.most_common(MAX_CATEGORIES)]


def _read_rows(rows: Rows, seeds: Sequence[Seed]) -> None:
    """Read the rows of the seeds, and the demand for them and their neighbours."""
    wanted = {each.product_id for each in seeds}
    missing = [each for each in wanted if "near" not in rows.get(each, {})]
    for row in _find(Row, missing):
        _shorten(row)
        rows[row["_id"]] = {**rows.get(row["_id"], {}), **row}
    near = {each for product_id in wanted for each in neighbours(rows.get(product_id, {}))}
    missing = [each for each in wanted | near if "heat" not in rows.get(each, {})]
    for demand in _find(Demand, missing):
        rows[demand["_id"]] = {**rows.get(demand["_id"], {}), **demand}


def _find(kind: type[Row] | type[Demand], ids: Sequence[str]) -> Iterable[dict[str, Any]]:
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
