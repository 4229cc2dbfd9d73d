"""POST /api/v1/login: sign in."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import WrongCredentials
from tidings.users.operations import login
from tidings.users.schemas import Login, Session


@endpoint(role=PUBLIC, body=Login, returns=Session, refusals=(WrongCredentials,))
def handler(request: Request[Login]) -> Reply:
    return Reply(login(request.body), message="You are signed in.")
