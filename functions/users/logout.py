"""POST /api/v1/logout: end this session, or all of the caller's."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.schemas import Acknowledgement, Logout
from tidings.users.sessions import logout


@endpoint(role=Role.CUSTOMER, body=Logout, returns=Acknowledgement)
def handler(request: Request[Logout]) -> Reply:
    return Reply(logout(request.body, caller=request.caller))
