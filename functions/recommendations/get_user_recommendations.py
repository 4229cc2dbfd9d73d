"""GET /api/v1/recommendations/{user_id}: recommendations for a person."""

from tidings.platform.entry.rest import rest
from tidings.recommendations.queries import get_user_recommendations
from tidings.recommendations.schemas import GetRecommendations

handler = rest(get_user_recommendations, query=GetRecommendations)
