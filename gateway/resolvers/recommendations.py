"""Resolvers of what people did and may like."""

from typing import Any, Final

from pydantic import Field

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.products.schemas import ProductView
from tidings.recommendations import operations, queries
from tidings.recommendations.schemas import (
    MAX_RECOMMENDATIONS,
    ActivityItemView,
    ActivityView,
    BrowseReceipt,
    GetRecommendations,
    LogBrowse,
    LogPurchase,
    RecommendationsView,
)


class RecommendationsArguments(GetRecommendations):
    """How many, under GraphQL's name, so that an error names the argument."""

    limit: int = Field(10, ge=1, le=MAX_RECOMMENDATIONS, alias="first")


def get_user_recommendations(
    _: Any, info: Info, first: int, user_id: str | None = None
) -> RecommendationsView:
    principal = caller(info)
    wanted = RecommendationsArguments.model_validate({"first": first})
    return queries.get_user_recommendations(
        user_id or principal.user_id, wanted.limit, caller=principal
    )


def get_user_activity(
    _: Any, info: Info, first: int, user_id: str | None = None, after: str | None = None
) -> Connection:
    principal = caller(info)
    page = PageArguments.model_validate({"first": first, "after": after})
    return connection(
        queries.get_user_activity(user_id or principal.user_id, page, caller=principal)
    )


def log_purchase(
    _: Any, info: Info, input: dict[str, Any], user_id: str | None = None
) -> ActivityView:
    principal = caller(info)
    bought = LogPurchase.model_validate(input)
    return operations.log_purchase(user_id or principal.user_id, bought, caller=principal)


def log_browse(
    _: Any, info: Info, input: dict[str, Any], user_id: str | None = None
) -> BrowseReceipt:
    principal = caller(info)
    looked = LogBrowse.model_validate(input)
    return operations.log_browse(user_id or principal.user_id, looked, caller=principal)


async def product(item: ActivityItemView, info: Info) -> ProductView | None:
    return await info.context.loaders.products.load(item.product_id)


QUERIES: Final[dict[str, Resolver]] = {
    "getUserRecommendations": get_user_recommendations,
    "getUserActivity": get_user_activity,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "logPurchase": log_purchase,
    "logBrowse": log_browse,
}
NESTED: Final[dict[str, dict[str, Resolver]]] = {
    "ActivityItem": {"product": product},
}
