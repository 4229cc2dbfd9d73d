"""POST /api/v1/users/{user_id}/push-tokens: let a device take one's push messages."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import TooManyPushTokens
from tidings.users.push_tokens import register_push_token
from tidings.users.schemas import PushTokenView, RegisterPushToken


@endpoint(
    role=Role.CUSTOMER,
    body=RegisterPushToken,
    returns=PushTokenView,
    status=201,
    refusals=(TooManyPushTokens,),
)
def handler(request: Request[RegisterPushToken]) -> Reply:
    user_id = request.person("user_id")
    return Reply(register_push_token(user_id, request.body, caller=request.caller))
