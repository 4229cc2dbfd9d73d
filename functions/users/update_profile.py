"""PATCH /api/v1/users/{user_id}: change one's profile; `me` stands for the caller."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import UserNotFound
from tidings.users.operations import update_profile
from tidings.users.schemas import UpdateProfile, UserView


@endpoint(role=Role.CUSTOMER, body=UpdateProfile, returns=UserView, refusals=(UserNotFound,))
def handler(request: Request[UpdateProfile]) -> Reply:
    return Reply(update_profile(request.person("user_id"), request.body, caller=request.caller))
