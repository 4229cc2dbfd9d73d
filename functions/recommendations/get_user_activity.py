"""GET /api/v1/users/{user_id}/activity: what a person bought and looked at."""

from tidings.platform.auth import Role
from tidings.platform.errors import Forbidden
from tidings.platform.http import Reply, Request, endpoint
from tidings.platform.pagination import PageRequest
from tidings.recommendations.queries import get_user_activity
from tidings.recommendations.schemas import ActivityView


@endpoint(role=Role.CUSTOMER, query=PageRequest, returns=list[ActivityView], refusals=(Forbidden,))
def handler(request: Request[None, PageRequest]) -> Reply:
    user_id = request.person("user_id")
    return Reply.of_page(get_user_activity(user_id, request.query, caller=request.caller))
