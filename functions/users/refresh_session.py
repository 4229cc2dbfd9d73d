"""POST /api/v1/refresh: new tokens for the refresh token, which works once."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import SessionEnded
from tidings.users.schemas import RefreshSession, Session
from tidings.users.sessions import refresh_session


@endpoint(
    role=PUBLIC,
    body=RefreshSession,
    returns=Session,
    refusals=(SessionEnded,),
    reads_token=False,
)
def handler(request: Request[RefreshSession]) -> Reply:
    return Reply(refresh_session(request.body), message="You are still signed in.")
