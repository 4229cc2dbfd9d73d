"""PUT /api/v1/users/{user_id}/preferences: how one wants to be told of things."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import InboxAlwaysOn, UserNotFound
from tidings.users.operations import update_user_preferences
from tidings.users.preferences import UpdatePreferences
from tidings.users.schemas import UserView


@endpoint(
    role=Role.CUSTOMER,
    body=UpdatePreferences,
    returns=UserView,
    refusals=(InboxAlwaysOn, UserNotFound),
)
def handler(request: Request[UpdatePreferences]) -> Reply:
    user_id = request.person("user_id")
    return Reply(update_user_preferences(user_id, request.body, caller=request.caller))
