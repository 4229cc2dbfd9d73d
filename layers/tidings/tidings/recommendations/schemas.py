"""Typed input and output of the recommendations' operations."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tidings.platform.times import Time
from tidings.products.schemas import ProductView
from tidings.recommendations.models import ActivityKind
from tidings.recommendations.scoring import ReasonCode

INPUT: Final = ConfigDict(extra="forbid", frozen=True)
MAX_ITEMS: Final = 100
MAX_QUANTITY: Final = 1_000
MAX_RECOMMENDATIONS: Final = 50


ProductId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
# Of this shop or of another till: printable ASCII.
OrderId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class PurchasedItem(BaseModel):
    """A product, and how many pieces of it."""

    model_config = INPUT

    product_id: ProductId
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)] = 1


class LogPurchase(BaseModel):
    """What a person bought, for example in another shop of the house.

    Orders of this shop are noted by themselves; naming the order makes sure that it counts once.
    """

    model_config = INPUT

    items: Annotated[tuple[PurchasedItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    order_id: OrderId | None = Field(None, description="noted once for each person")
    purchased_at: Time | None = Field(None, description="now when left out")


class BrowsedItem(BaseModel):
    """A product that was looked at, and when."""

    model_config = INPUT

    product_id: ProductId
    viewed_at: Time | None = Field(None, description="now when left out")


class LogBrowse(BaseModel):
    """Products that a person looked at: one, or many that were gathered."""

    model_config = INPUT

    views: Annotated[tuple[BrowsedItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class BrowseReceipt(BaseModel):
    """What became of the looks."""

    accepted: int = Field(description="how many are noted; those too long ago are left out")


class ActivityItemView(BaseModel):
    """A product, and how often: pieces that were bought, or looks."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    quantity: int
    at: datetime


class ActivityView(BaseModel):
    """Something that a person did."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: ActivityKind
    items: list[ActivityItemView]
    order_id: str | None
    at: datetime


class ReasonView(BaseModel):
    """Why a product is recommended: a sentence, and what it is made of."""

    code: ReasonCode
    text: str
    product_id: str | None = Field(description="the product that it was bought or viewed with")
    product_title: str | None
    category: str | None


class RecommendationView(BaseModel):
    """A product that a person may like."""

    product: ProductView
    score: float = Field(description="comparable within one list only")
    reason: ReasonView


class RecommendationsView(BaseModel):
    """What a person may like, the best first."""

    items: list[RecommendationView]
    computed_at: datetime | None = Field(
        description="null where they are what is popular with everybody"
    )


class GetRecommendations(BaseModel):
    """How many are wanted."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(10, ge=1, le=MAX_RECOMMENDATIONS)
