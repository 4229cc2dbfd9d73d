"""Queries of activities and recommendations."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from mongoengine import Q

from tidings.platform.errors import Forbidden
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_self
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.rows import rows_of
from tidings.platform.timing.clock import now
from tidings.products.queries import get_products_on_sale
from tidings.recommendations import list_cache
from tidings.recommendations.list_cache import CachedItem, CachedList
from tidings.recommendations.lists import LIST_SIZE, popular
from tidings.recommendations.models import Activity, CustomerProfile, Suggestion
from tidings.recommendations.schemas import (
    ActivityView,
    ReasonView,
    RecommendationsView,
    RecommendationView,
)
from tidings.recommendations.scoring import ReasonCode

# The text with the product's title or the category, and the text without.
TEXTS: Final[Mapping[ReasonCode, tuple[str, str]]] = {
    ReasonCode.BECAUSE_BOUGHT: ("Because you bought {}", "Because of what you bought"),
    ReasonCode.BECAUSE_VIEWED: ("Because you looked at {}", "Because of what you looked at"),
    ReasonCode.BUY_AGAIN: ("", "You bought this before"),
    ReasonCode.LOOKED_AT: ("", "You looked at this"),
    ReasonCode.POPULAR_IN_CATEGORY: ("Popular in {}", "Popular in the shop"),
    ReasonCode.POPULAR: ("", "Popular in the shop"),
}


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, refuses=(Forbidden,), writes=False)
def get_user_recommendations(user_id: str, limit: int, *, caller: Principal) -> RecommendationsView:
    """Return recommended products that are in stock, the best first.

    A person without a list gets popular products of all categories.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    kept = list_cache.list_of(user_id, lambda: _stored_list(user_id))
    if kept.computed_at is None:
        kept = list_cache.popular_list(lambda: _kept_list(rows_of(Suggestion, popular(LIST_SIZE))))
    products = get_products_on_sale([each.product_id for each in kept.items])
    found = [
        RecommendationView(product=product, score=each.score, reason=reason_view(each))
        for each in kept.items
        if (product := products.get(each.product_id)) and product.stock > 0
    ]
    return RecommendationsView(items=found[:limit], computed_at=kept.computed_at)


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, refuses=(Forbidden,), writes=False)
def get_user_activity(
    user_id: str, page: PageRequest, *, caller: Principal, at: datetime | None = None
) -> Page[ActivityView]:
    """Return a page of a person's activities, newest first.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    # MongoDB needs about a minute to delete expired documents.
    lasting = Q(expires_at=None) | Q(expires_at__gt=at or now())
    found = Activity.objects(Q(user_id=user_id, void=False) & lasting).exclude("outbox")
    return paginate(found, page).map(activity_view)


def activity_view(activity: Activity) -> ActivityView:
    return ActivityView.model_validate(activity)


def reason_view(kept: CachedItem) -> ReasonView:
    named = kept.because_title or kept.category
    text = TEXTS[kept.code][0].format(named) if named else ""
    return ReasonView(
        code=kept.code,
        text=text or TEXTS[kept.code][1],
        product_id=kept.because_id,
        product_title=kept.because_title,
        category=kept.category,
    )


def _stored_list(user_id: str) -> CachedList:
    profile = CustomerProfile.objects(pk=user_id).only("suggestions", "computed_at").first()
    return _kept_list(profile.suggestions, profile.computed_at) if profile else CachedList()


def _kept_list(
    suggestions: Iterable[Suggestion], computed_at: datetime | None = None
) -> CachedList:
    items = [CachedItem.model_validate(each) for each in suggestions]
    return CachedList(items=items, computed_at=computed_at)
