"""POST /api/v1/login: sign in."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.operations import login
from tidings.users.schemas import Login


@endpoint(role=PUBLIC, body=Login)
def handler(request: Request[Login]) -> Reply:
    return Reply(login(request.body), message="You are signed in.")
