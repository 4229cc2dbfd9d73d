"""POST /api/v1/service-sessions: sign a machine in.

Its token is good for 15 minutes, and only for sending, cancelling and the status of what was
sent. There is no refresh token: sign in again.
"""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import WrongServiceCredentials
from tidings.users.schemas import ServiceSession, StartServiceSession
from tidings.users.services import start_service_session


@endpoint(
    role=PUBLIC,
    body=StartServiceSession,
    returns=ServiceSession,
    status=201,
    refusals=(WrongServiceCredentials, RateLimited),
    reads_token=False,
)
def handler(request: Request[StartServiceSession]) -> Reply:
    return Reply(start_service_session(request.body), message="The service is signed in.")
