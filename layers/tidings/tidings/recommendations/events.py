"""The events that recommendations publish, and the commands to their own consumer."""

from datetime import datetime
from typing import ClassVar, Literal

from tidings.platform.messaging.events import Command, Event, EventData


class ActivityPurchasedData(EventData):
    activity_id: str
    user_id: str
    product_ids: list[str]
    order_id: str | None = None


class ActivityPurchased(Event):
    """A person bought something, in this shop or elsewhere."""

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["activity.purchased"] = "activity.purchased"
    data: ActivityPurchasedData


class ActivityBrowsedData(EventData):
    activity_id: str
    user_id: str
    product_ids: list[str]


class ActivityBrowsed(Event):
    """A person viewed products; one event for the views of about a minute."""

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
    # For consumers that write the reason in another language: its code, and the product that it
    # names.
    reason_code: str | None = None
    because_title: str | None = None


class RecommendationGeneratedData(EventData):
    user_id: str
    products: list[RecommendedProduct]
    # The title and reason of the first product, for consumers that write one sentence.
    title: str
    reason: str


class RecommendationGenerated(Event):
    """A person has new recommendations, the best first."""

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["recommendation.generated"] = "recommendation.generated"
    data: RecommendationGeneratedData


class RefreshRecommendationsData(EventData):
    scheduled_at: datetime
    first_user_id: str
    last_user_id: str


class RefreshRecommendations(Command):
    """Compute the lists of the people with ids from the first to the last one, inclusive."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("recommendations.refresh",)

    source: Literal["tidings/recommendations"] = "tidings/recommendations"
    type: Literal["recommendations.refresh"] = "recommendations.refresh"
    data: RefreshRecommendationsData
