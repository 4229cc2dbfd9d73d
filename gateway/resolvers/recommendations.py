"""Recommendations: their products are loaded together."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from resolvers.caller import Info
from resolvers.loading import MaybeLater
from tidings.products.schemas import ProductView
from tidings.recommendations.schemas import (
    MAX_RECOMMENDATIONS,
    ActivityItemView,
    ActivityView,
    GetRecommendations,
)


class RecommendationsArguments(GetRecommendations):
    """The number of recommendations under GraphQL's name, so that errors name the argument."""

    limit: int = Field(10, ge=1, le=MAX_RECOMMENDATIONS, alias="first")


def expected(activities: Sequence[ActivityView]) -> Mapping[str, Iterable[str]]:
    return {"products": (item.product_id for each in activities for item in each.items)}


def product(item: ActivityItemView, info: Info) -> MaybeLater[ProductView]:
    return info.context.loaders.products.load(item.product_id)
