"""GET /api/v1/users/{user_id}/export: everything that is kept of a person."""

from tidings.operations.export import PersonExport, export_user
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import UserNotFound


@endpoint(role=Role.CUSTOMER, returns=PersonExport, refusals=(UserNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(export_user(request.person("user_id"), caller=request.caller))
