"""DELETE /api/v1/users/{user_id}/push-tokens/{token_id}: no more push to a device."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.errors import PushTokenNotFound
from tidings.users.push_tokens import remove_push_token
from tidings.users.schemas import Acknowledgement


@endpoint(role=Role.CUSTOMER, returns=Acknowledgement, refusals=(PushTokenNotFound,))
def handler(request: Request[None]) -> Reply:
    user_id, token_id = request.person("user_id"), request.path["token_id"]
    return Reply(remove_push_token(user_id, token_id, caller=request.caller))
