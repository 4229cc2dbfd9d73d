"""GET /api/v1/users/{user_id}: an account; `me` stands for the caller's own."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import UserNotFound
from tidings.users.queries import get_user
from tidings.users.schemas import UserView


@endpoint(role=Role.CUSTOMER, returns=UserView, refusals=(UserNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(get_user(request.person("user_id"), caller=request.caller))
