"""POST /api/v1/register: make an account."""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import GuessablePassword
from tidings.users.registration import register_user
from tidings.users.schemas import RegisterUser, Registration


@endpoint(
    role=PUBLIC,
    body=RegisterUser,
    returns=Registration,
    status=201,
    refusals=(GuessablePassword, RateLimited),
    reads_token=False,
)
def handler(request: Request[RegisterUser]) -> Reply:
    return Reply(register_user(request.body), message="Welcome.")
