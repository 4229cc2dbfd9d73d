"""POST /api/v1/password/forgot: have a code sent that allows to set a new password."""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.password_reset import request_password_reset
from tidings.users.schemas import Acknowledgement, RequestPasswordReset


@endpoint(
    role=PUBLIC,
    body=RequestPasswordReset,
    returns=Acknowledgement,
    refusals=(RateLimited,),
    reads_token=False,
)
def handler(request: Request[RequestPasswordReset]) -> Reply:
    return Reply(request_password_reset(request.body))
