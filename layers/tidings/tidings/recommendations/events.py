"""What the recommendations announce, and what they ask of themselves."""

from datetime import datetime
from typing import ClassVar, Literal

from tidings.platform.events import Command, Event, EventData


class ActivityPurchasedData(EventData):
    activity_id: str
    user_id: str
    product_ids: list[str]
    order_id: str | None = None


class ActivityPurchased(Event):
    """A person bought something, here or elsewhere."""

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["activity.purchased"] = "activity.purchased"
    data: ActivityPurchasedData


class ActivityBrowsedData(EventData):
    activity_id: str
    user_id: str
    product_ids: list[str]


class ActivityBrowsed(Event):
    """A person looked at products; one event for what was gathered in a minute or so."""

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["activity.browsed"] = "activity.browsed"
    data: ActivityBrowsedData


class RecommendedProduct(EventData):
    product_id: str
    title: str
    reason: str
    # In minor units.
    price: int
    currency: str
    # For who says the reason in another language: its code, and the product it names.
    reason_code: str | None = None
    because_title: str | None = None


class RecommendationGeneratedData(EventData):
    user_id: str
    products: list[RecommendedProduct]
    # Of the first product, for who says it in one sentence.
    title: str
    reason: str


class RecommendationGenerated(Event):
    """There is something new that a person may like; the best of it comes first."""

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["recommendation.generated"] = "recommendation.generated"
    data: RecommendationGeneratedData


class RefreshRecommendationsData(EventData):
    scheduled_at: datetime
    first_user_id: str
    last_user_id: str


class RefreshRecommendations(Command):
    """Compute the lists of the people whose ids lie between these two, both included."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("recommendations.refresh",)

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["recommendations.refresh"] = "recommendations.refresh"
    data: RefreshRecommendationsData
