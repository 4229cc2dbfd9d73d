"""PUT /api/v1/users/{user_id}/role: give somebody else another role."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import OwnRole, UserNotFound
from tidings.users.operations import set_user_role
from tidings.users.schemas import SetUserRole, UserView


@endpoint(role=Role.ADMIN, body=SetUserRole, returns=UserView, refusals=(OwnRole, UserNotFound))
def handler(request: Request[SetUserRole]) -> Reply:
    return Reply(set_user_role(request.person("user_id"), request.body, caller=request.caller))
