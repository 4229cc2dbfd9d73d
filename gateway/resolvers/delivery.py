"""Resolvers of the delivery."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.delivery import suppression
from tidings.delivery.schemas import LiftSuppression, SuppressionFilter, SuppressionView


def get_suppressions(
    _: Any,
    info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
) -> Connection:
    page = suppression.get_suppressions(
        PageArguments.model_validate({"first": first, "after": after}),
        caller=caller(info),
        wanted=SuppressionFilter.model_validate(filter or {}),
    )
    return connection(page)


def lift_suppression(_: Any, info: Info, id: str, reason: str) -> SuppressionView:
    wanted = LiftSuppression.model_validate({"reason": reason})
    return suppression.lift_suppression(id, wanted.reason, caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {"getSuppressions": get_suppressions}
MUTATIONS: Final[dict[str, Resolver]] = {"liftSuppression": lift_suppression}
