"""What can be asked about what people did, and what they may like."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from mongoengine import Q

from tidings.platform.auth import Principal, require_self
from tidings.platform.clock import now
from tidings.platform.pagination import Page, PageRequest, paginate
from tidings.products.queries import get_products_on_sale
from tidings.recommendations import shelf
from tidings.recommendations.lists import LIST_SIZE, popular
from tidings.recommendations.models import BROWSING_LASTS, Activity, Suggestion, Taste
from tidings.recommendations.schemas import (
    ActivityView,
    ReasonView,
    RecommendationsView,
    RecommendationView,
)
from tidings.recommendations.scoring import ReasonCode
from tidings.recommendations.shelf import Kept, KeptList

# With the product's title, with the category, and with neither.
TEXTS: Final[Mapping[ReasonCode, tuple[str, str]]] = {
    ReasonCode.BECAUSE_BOUGHT: ("Because you bought {}", "Because of what you bought"),
    ReasonCode.BECAUSE_VIEWED: ("Because you looked at {}", "Because of what you looked at"),
    ReasonCode.BUY_AGAIN: ("", "You bought this before"),
    ReasonCode.LOOKED_AT: ("", "You looked at this"),
    ReasonCode.POPULAR_IN_CATEGORY: ("Popular in {}", "Popular in the shop"),
    ReasonCode.POPULAR: ("", "Popular in the shop"),
}


class Followers(NamedTuple):
    """Some of a product's followers; `last_id` is None where there are no more."""

    user_ids: list[str]
    last_id: str | None


def get_user_recommendations(user_id: str, limit: int, *, caller: Principal) -> RecommendationsView:
    """Return what a person may like and can have now, the best first.

    Who did nothing yet gets what is popular, of each category the best.

    Raises:
        Forbidden: it is somebody else, and the caller is no operator.
    """
    require_self(caller, user_id)
    kept = shelf.list_of(user_id, lambda: _stored_list(user_id))
    if kept.computed_at is None:
        kept = shelf.popular_list(lambda: _kept_list(popular(LIST_SIZE)))
    products = get_products_on_sale([each.product_id for each in kept.items])
    found = [
        RecommendationView(product=product, score=each.score, reason=reason_view(each))
        for each in kept.items
        if (product := products.get(each.product_id)) and product.stock > 0
    ]
    return RecommendationsView(items=found[:limit], computed_at=kept.computed_at)


def get_user_activity(
    user_id: str, page: PageRequest, *, caller: Principal, at: datetime | None = None
) -> Page[ActivityView]:
    """Return a page of what a person did, newest first.

    Raises:
        Forbidden: it is somebody else, and the caller is no operator.
    """
    require_self(caller, user_id)
    # MongoDB deletes what has expired within a minute or so.
    lasting = Q(expires_at=None) | Q(expires_at__gt=at or now())
    found = Activity.objects(Q(user_id=user_id, void=False) & lasting).exclude("outbox")
    return paginate(found, page).map(activity_view)


def followers_of(
    product_id: str, after: str | None, limit: int, *, at: datetime | None = None
) -> Followers:
    """Return people who looked at a product in the last 30 days and did not buy it since, in
    order of their ids, from after this one on.

    For the other domains' consumers: it asks nobody who they are. An index finds them; of each
    no more is read than this one product.
    """
    of_product = {"$elemMatch": {"product_id": product_id}}
    looked = {"product_id": product_id, "at": {"$gte": (at or now()) - BROWSING_LASTS}}
    where: dict[str, Any] = {"viewed": {"$elemMatch": looked}, "viewed.product_id": product_id}
    if after is not None:
        where["_id"] = {"$gt": after}
    kept = {"viewed": of_product, "bought": of_product}
    found = list(Taste._get_collection().find(where, kept).sort("_id").limit(limit))
    return Followers(
        user_ids=[each["_id"] for each in found if not _bought_since(each)],
        last_id=found[-1]["_id"] if len(found) == limit else None,
    )


def _bought_since(taste: Mapping[str, Any]) -> bool:
    bought = [each["at"] for each in taste.get("bought") or ()]
    return bool(bought) and max(bought) >= max(each["at"] for each in taste["viewed"])


def activity_view(activity: Activity) -> ActivityView:
    return ActivityView.model_validate(activity)


def reason_view(kept: Kept) -> ReasonView:
    named = kept.because_title or kept.category
    text = TEXTS[kept.code][0].format(named) if named else ""
    return ReasonView(
        code=kept.code,
        text=text or TEXTS[kept.code][1],
        product_id=kept.because_id,
        product_title=kept.because_title,
        category=kept.category,
    )


def _stored_list(user_id: str) -> KeptList:
    taste = Taste.objects(pk=user_id).only("suggestions", "computed_at").first()
    return _kept_list(taste.suggestions, taste.computed_at) if taste else KeptList()


def _kept_list(suggestions: Sequence[Suggestion], computed_at: datetime | None = None) -> KeptList:
    items = [Kept.model_validate(each) for each in suggestions]
    return KeptList(items=items, computed_at=computed_at)
