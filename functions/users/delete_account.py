"""DELETE /api/v1/users/{user_id}: delete one's account; administrators, anybody's."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import UserNotFound
from tidings.users.operations import delete_account
from tidings.users.schemas import Acknowledgement


@endpoint(role=Role.CUSTOMER, returns=Acknowledgement, refusals=(UserNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(delete_account(request.person("user_id"), caller=request.caller))
