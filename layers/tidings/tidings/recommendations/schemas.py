"""Input and output models of recommendation operations."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import ConfigDict, Field, StringConstraints

from tidings.platform.inputs.ids import DocumentId
from tidings.platform.schema import Schema
from tidings.platform.timing.times import Time
from tidings.products.schemas import ProductView
from tidings.recommendations.models import ActivityKind
from tidings.recommendations.scoring import ReasonCode

INPUT: Final = ConfigDict(extra="forbid", frozen=True)
MAX_ITEMS: Final = 100
MAX_QUANTITY: Final = 1_000
MAX_RECOMMENDATIONS: Final = 50


# The id of an order in this shop or elsewhere: printable ASCII.
OrderId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class PurchasedItem(Schema):
    """A product and its number of pieces."""

    model_config = INPUT

    product_id: DocumentId
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)] = 1


class LogPurchase(Schema):
    """A person's purchase, for example in another shop of the company.

    Orders of this shop are stored automatically; a purchase with an `order_id` counts once.
    """

    model_config = INPUT

    items: Annotated[tuple[PurchasedItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    order_id: OrderId | None = Field(None, description="stored once for each person")
    purchased_at: Time | None = Field(None, description="the default is now")


class BrowsedItem(Schema):
    """A viewed product, and the time."""

    model_config = INPUT

    product_id: DocumentId
    viewed_at: Time | None = Field(None, description="the default is now")


class LogBrowse(Schema):
    """One or many views of products by a person."""

    model_config = INPUT

    views: Annotated[tuple[BrowsedItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class BrowseReceipt(Schema):
    """The result of a request to log views."""

    accepted: int = Field(description="number of accepted views; those too old are left out")


class ActivityItemView(Schema):
    """A product with its number of pieces (purchase) or views."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    quantity: int
    at: datetime


class ActivityView(Schema):
    """A person's purchase or views."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: ActivityKind
    items: list[ActivityItemView]
    order_id: str | None
    at: datetime


class ReasonView(Schema):
    """The reason for a recommendation: a sentence, and its parts."""

    code: ReasonCode
    text: str
    product_id: str | None = Field(description="the bought or viewed product that is the reason")
    product_title: str | None
    category: str | None


class RecommendationView(Schema):
    """A recommended product."""

    product: ProductView
    score: float = Field(description="comparable within one list only")
    reason: ReasonView


class RecommendationsView(Schema):
    """The recommendations for a person, the best first."""

    items: list[RecommendationView]
    computed_at: datetime | None = Field(
        description="null if they are products that are popular in the whole shop"
    )


class GetRecommendations(Schema):
    """The number of recommendations."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(10, ge=1, le=MAX_RECOMMENDATIONS)
