"""A person's list: computed from their taste, kept in it, and filled up with what is popular."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.products.queries import get_products_on_sale
from tidings.products.schemas import ProductView
from tidings.recommendations import shelf
from tidings.recommendations.models import BROWSING_LASTS, Demand, Row, Suggestion, Taste
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

# Longer than what is shown: what is sold out by then is left out.
LIST_SIZE: Final = 50
MAX_CANDIDATES: Final = 150
MAX_CATEGORIES: Final = 3
# A row that grew longer than this is cut to its best; what is cut is hardly ever asked for.
MAX_ROW: Final = 200
# What is left of a deed that was taken back, by rounding, is no demand.
MIN_HEAT: Final = 0.01
# A list that is shorter than this is filled up with what is popular anywhere.
SHORT_LIST: Final = 10
CONSUMABLE: Final = "consumable"

Rows = dict[str, Mapping[str, Any]]


def compute_list(
    user_id: str, at: datetime | None = None, rows: Rows | None = None
) -> Taste | None:
    """Compute a person's list anew and keep it; None where nothing is known of the person.

    Args:
        user_id: the person.
        at: the time.
        rows: rows that were read before, of other people; it is filled with more.
    """
    taste: Taste | None = Taste.objects(pk=user_id).first()
    if taste is None:
        return None
    computed_at = at or now()
    # What a person looked at is not kept longer in here than the looks themselves.
    taste.viewed = [each for each in taste.viewed if each.at > computed_at - BROWSING_LASTS]
    seeds = seeds_of(
        {field: [(each.product_id, each.at) for each in taste[field]] for field in FIELDS},
        computed_at,
    )
    rows = {} if rows is None else rows
    _read_rows(rows, seeds)
    taste.suggestions = _suggestions(taste, seeds, score(seeds, rows, computed_at), rows)
    taste.computed_at = computed_at
    Taste.objects(pk=user_id).update_one(
        set__suggestions=taste.suggestions,
        set__computed_at=computed_at,
        __raw__={"$pull": {"viewed": {"at": {"$lte": computed_at - BROWSING_LASTS}}}},
    )
    shelf.forget([user_id])
    return taste


def popular(limit: int, categories: Sequence[str] = ()) -> list[Suggestion]:
    """Return what is popular, in these categories, or of each category the best in turn."""
    where = {"categories__in": categories} if categories else {}
    found = Demand.objects(heat__gte=MIN_HEAT, **where)
    most = LIST_SIZE * 2 if categories else MAX_CANDIDATES
    rows = list(found.only("categories").order_by("-heat").limit(most))
    # How many of the same category came before: the first of each, then the second, and so on.
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
    """Say whether a product is used up and bought again: it says so, or one of its categories."""
    said = product.attributes.get(CONSUMABLE, "").lower()
    return said in {"true", "yes", "1"} or CONSUMABLE in {c.rstrip("s") for c in product.categories}


def _suggestions(
    taste: Taste, seeds: Sequence[Seed], scored: Sequence[Scored], rows: Rows
) -> list[Suggestion]:
    fill = popular(LIST_SIZE, _favourite_categories(seeds, rows))
    if len(scored) + len(fill) < SHORT_LIST + len(taste.bought):
        fill += popular(LIST_SIZE)
    candidates = [each.product_id for each in scored[:MAX_CANDIDATES]]
    seen = {each.product_id for each in seeds}
    wanted = dict.fromkeys([*candidates, *(each.product_id for each in fill), *seen])
    products = get_products_on_sale(list(wanted))
    bought = {each.product_id for each in taste.bought}

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
    """Read the rows of the seeds, and the demand for them and for their neighbours."""
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
    """Cut a row that grew too long."""
    near = row.get("near") or {}
    if len(near) <= 2 * MAX_ROW:
        return
    kept = set(closest(near, MAX_ROW))
    cut = {f"near.{each}": 1 for each in near if each not in kept}
    Row._get_collection().update_one({"_id": row["_id"]}, {"$unset": cut})
    logger.info("row shortened", product_id=row["_id"], neighbours=len(near))
