"""POST /api/v1/login: sign in."""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import WrongCredentials
from tidings.users.schemas import Login, Session
from tidings.users.sessions import login


@endpoint(
    role=PUBLIC,
    body=Login,
    returns=Session,
    refusals=(WrongCredentials, RateLimited),
    reads_token=False,
)
def handler(request: Request[Login]) -> Reply:
    return Reply(login(request.body), message="You are signed in.")
