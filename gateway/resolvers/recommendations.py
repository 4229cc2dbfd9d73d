"""Recommendations: their products are loaded together."""

from pydantic import Field

from resolvers.caller import Info
from tidings.products.schemas import ProductView
from tidings.recommendations.schemas import (
    MAX_RECOMMENDATIONS,
    ActivityItemView,
    GetRecommendations,
)


class RecommendationsArguments(GetRecommendations):
    """The number of recommendations under GraphQL's name, so that errors name the argument."""

    limit: int = Field(10, ge=1, le=MAX_RECOMMENDATIONS, alias="first")


async def product(item: ActivityItemView, info: Info) -> ProductView | None:
    return await info.context.loaders.products.load(item.product_id)
