"""POST /api/v1/password/reset: set a new password with the code."""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import GuessablePassword, WrongCode
from tidings.users.password_reset import reset_password
from tidings.users.schemas import Acknowledgement, ResetPassword


@endpoint(
    role=PUBLIC,
    body=ResetPassword,
    returns=Acknowledgement,
    refusals=(GuessablePassword, WrongCode, RateLimited),
    reads_token=False,
)
def handler(request: Request[ResetPassword]) -> Reply:
    return Reply(reset_password(request.body))
