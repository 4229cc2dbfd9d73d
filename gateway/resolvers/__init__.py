"""The resolvers that do not follow from operations; see `binding`.

They are named by their places, so that their domains are imported at the first use of a field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from resolvers.places import Places

Resolver = Any
Expected = Callable[[Sequence[Any]], Mapping[str, Iterable[str]]]

# The model that checks a field's arguments, if those of the operation do not.
ARGUMENTS: Final[Mapping[str, type[BaseModel]]] = Places(
    {
        "getTemplate": "tidings.templates.schemas.GetTemplate",
        "getUserRecommendations": "resolvers.recommendations.RecommendationsArguments",
        "liftSuppression": "tidings.delivery.schemas.LiftSuppression",
        "placeOrder": "resolvers.orders.PlaceOrderArguments",
        "previewCampaign": "tidings.campaigns.schemas.PreviewQuery",
        "updateOrderStatus": "resolvers.orders.UpdateOrderStatusInput",
    }
)
QUERIES: Final[Mapping[str, Resolver]] = Places(
    {
        "getCampaign": "resolvers.campaigns.campaign",
        "getServiceHealth": "resolvers.monitoring.health",
        "me": "resolvers.users.me",
    }
)
MUTATIONS: Final[Mapping[str, Resolver]] = Places({"createCampaign": "resolvers.campaigns.created"})
# By type: the keys that nested fields of a list may need, as arguments of `Loaders.expect`.
EXPECTED: Final[Mapping[str, Expected]] = Places(
    {
        "Activity": "resolvers.recommendations.expected",
        "Campaign": "resolvers.campaigns.expected",
        "Order": "resolvers.orders.expected",
    }
)
# By type: fields that are not attributes of the domain's result.
NESTED: Final[Mapping[str, Mapping[str, Resolver]]] = {
    "ActivityItem": Places({"product": "resolvers.recommendations.product"}),
    "Campaign": Places({"numbers": "resolvers.campaigns.numbers"}),
    "Order": Places({"customer": "resolvers.orders.customer"}),
    "OrderItem": Places({"product": "resolvers.orders.product"}),
    "RefusalDetail": Places({"field": "resolvers.notifications.field"}),
    "User": Places({"orders": "resolvers.users.orders"}),
}
