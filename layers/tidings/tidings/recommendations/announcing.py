"""When a person hears of a new list: it is really another one, and they want to hear of it."""

from datetime import datetime, timedelta
from typing import Final

from tidings.platform import outbox
from tidings.products.queries import get_products_on_sale
from tidings.recommendations.events import (
    RecommendationGenerated,
    RecommendationGeneratedData,
    RecommendedProduct,
)
from tidings.recommendations.models import Suggestion, Taste
from tidings.recommendations.queries import reason_view
from tidings.recommendations.scoring import ReasonCode
from tidings.recommendations.shelf import Kept
from tidings.users.preferences import Digest, Preferences

TOLD: Final = 5
# Of the products that are told, so many must not have been told the last time.
NEW: Final = 2
# The person's own deeds and what is popular with everybody are no news.
NEWS: Final = frozenset({ReasonCode.BECAUSE_BOUGHT.value, ReasonCode.BECAUSE_VIEWED.value})
# Shorter than a day and a week, for a job does not begin on the second.
PAUSE: Final = {
    Digest.OFF: timedelta(hours=23),
    Digest.DAILY: timedelta(hours=23),
    Digest.WEEKLY: timedelta(days=7) - timedelta(hours=1),
}


def announce(taste: Taste, preferences: Preferences, at: datetime) -> bool:
    """Announce a person's list if it is news and the person wants to hear of it now."""
    if not _wants_to_hear(taste, preferences, at):
        return False
    told = _worth_telling(taste)
    if len({product.product_id for product in told} - set(taste.announced)) < NEW:
        return False
    data = RecommendationGeneratedData(
        user_id=taste.id, products=told, title=told[0].title, reason=told[0].reason
    )
    event = RecommendationGenerated(
        id=f"recommendation.generated:{taste.id}:{at.isoformat()}", subject=taste.id, data=data
    )
    stored = outbox.change(
        Taste.objects(pk=taste.id, announced_at=taste.announced_at),
        event,
        set__announced=[product.product_id for product in told],
        set__announced_at=at,
    )
    return stored is not None


def _wants_to_hear(taste: Taste, preferences: Preferences, at: datetime) -> bool:
    channels = preferences.recommendations
    if not (channels.inbox or channels.email or channels.push):
        return False
    return taste.announced_at is None or at - taste.announced_at >= PAUSE[preferences.digest]


def _worth_telling(taste: Taste) -> list[RecommendedProduct]:
    news: list[Suggestion] = [each for each in taste.suggestions if each.code in NEWS]
    products = get_products_on_sale([each.product_id for each in news])
    return [
        RecommendedProduct(
            product_id=each.product_id,
            title=product.title,
            reason=reason_view(Kept.model_validate(each)).text,
            price=product.price.amount,
            currency=product.price.currency,
            reason_code=each.code,
            because_title=each.because_title,
        )
        for each in news
        if (product := products.get(each.product_id)) and product.stock > 0
    ][:TOLD]
