"""GET /api/v1/users: the accounts, for operators."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.queries import get_users
from tidings.users.schemas import UserQuery, UserView


@endpoint(role=Role.OPERATOR, query=UserQuery, returns=list[UserView])
def handler(request: Request[None, UserQuery]) -> Reply:
    return Reply.of_page(get_users(request.query, request.query, caller=request.caller))
