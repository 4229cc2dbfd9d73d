"""GET /api/v1/users/{user_id}/push-tokens: the devices that take push messages."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.push_tokens import get_push_tokens
from tidings.users.schemas import PushTokenView


@endpoint(role=Role.CUSTOMER, returns=list[PushTokenView])
def handler(request: Request[None]) -> Reply:
    return Reply(get_push_tokens(request.person("user_id"), caller=request.caller))
