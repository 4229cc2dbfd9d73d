"""GET /api/v1/recommendations/{user_id}: what a person may like."""

from tidings.platform.auth import Role
from tidings.platform.errors import Forbidden
from tidings.platform.http import Reply, Request, endpoint
from tidings.recommendations.queries import get_user_recommendations
from tidings.recommendations.schemas import GetRecommendations, RecommendationsView


@endpoint(
    role=Role.CUSTOMER,
    query=GetRecommendations,
    returns=RecommendationsView,
    refusals=(Forbidden,),
)
def handler(request: Request[None, GetRecommendations]) -> Reply:
    user_id, limit = request.person("user_id"), request.query.limit
    return Reply(get_user_recommendations(user_id, limit, caller=request.caller))
