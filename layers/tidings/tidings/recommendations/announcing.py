"""Decide when a person is notified of a new list: it must differ enough, and they must want it."""

from datetime import datetime, timedelta
from typing import Any, Final

from tidings.platform.messaging import outbox
from tidings.platform.storage.rows import row
from tidings.products.queries import get_products_on_sale
from tidings.recommendations.events import (
    RecommendationGenerated,
    RecommendationGeneratedData,
    RecommendedProduct,
)
from tidings.recommendations.list_cache import CachedItem
from tidings.recommendations.models import CustomerProfile, Suggestion
from tidings.recommendations.queries import reason_view
from tidings.recommendations.scoring import ReasonCode
from tidings.users.preferences import Digest, Preferences

MAX_PRODUCTS: Final = 5
# At least this many of the listed products must be new since the last notification.
MIN_NEW: Final = 2
# Recommendations with other reasons, such as popularity, are not news.
NEWS: Final = frozenset({ReasonCode.BECAUSE_BOUGHT.value, ReasonCode.BECAUSE_VIEWED.value})
# Shorter than a day and a week, because a job does not start at the exact second.
PAUSE: Final = {
    Digest.OFF: timedelta(hours=23),
    Digest.DAILY: timedelta(hours=23),
    Digest.WEEKLY: timedelta(days=7) - timedelta(hours=1),
}


def announce(profile: CustomerProfile, preferences: Preferences, at: datetime) -> bool:
    """Publish a person's list if it is news and the person wants a notification now."""
    if not _wants_notification(profile, preferences, at):
        return False
    recommended = _news(profile)
    if len({product.product_id for product in recommended} - set(profile.announced)) < MIN_NEW:
        return False
    data = RecommendationGeneratedData(
        user_id=profile.id,
        products=recommended,
        title=recommended[0].title,
        reason=recommended[0].reason,
    )
    event = RecommendationGenerated(
        id=f"recommendation.generated:{profile.id}:{at.isoformat()}", subject=profile.id, data=data
    )
    stored = outbox.change(
        CustomerProfile.objects(pk=profile.id, announced_at=profile.announced_at),
        event,
        set__announced=[product.product_id for product in recommended],
        set__announced_at=at,
    )
    return stored is not None


def _wants_notification(profile: CustomerProfile, preferences: Preferences, at: datetime) -> bool:
    ends = _pause_ends(profile, preferences)
    return is_wanted(preferences) and (ends is None or at >= ends)


def is_wanted(preferences: Preferences) -> bool:
    """Say whether a person wants to be notified of new lists."""
    channels = preferences.recommendations
    return channels.inbox or channels.email or channels.push


def pause_ends(user_id: str, preferences: Preferences) -> datetime | None:
    """Return the time before which a person is not notified again; None if there was no list."""
    profile = row(CustomerProfile, {"_id": user_id})
    return None if profile is None else _pause_ends(profile, preferences)


def _pause_ends(profile: Any, preferences: Preferences) -> datetime | None:
    announced_at: datetime | None = profile.announced_at
    return None if announced_at is None else announced_at + PAUSE[preferences.digest]


def _news(profile: CustomerProfile) -> list[RecommendedProduct]:
    news: list[Suggestion] = [each for each in profile.suggestions if each.code in NEWS]
    products = get_products_on_sale([each.product_id for each in news])
    return [
        RecommendedProduct(
            product_id=each.product_id,
            title=product.title,
            reason=reason_view(CachedItem.model_validate(each)).text,
            price=product.price.amount,
            currency=product.price.currency,
            reason_code=each.code,
            because_title=each.because_title,
        )
        for each in news
        if (product := products.get(each.product_id)) and product.stock > 0
    ][:MAX_PRODUCTS]
