"""POST /api/v1/verify-email: prove by the code that one reads the account's address."""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.errors import WrongCode
from tidings.users.registration import verify_email
from tidings.users.schemas import Acknowledgement, VerifyEmail


@endpoint(
    role=PUBLIC,
    body=VerifyEmail,
    returns=Acknowledgement,
    refusals=(WrongCode, RateLimited),
    reads_token=False,
)
def handler(request: Request[VerifyEmail]) -> Reply:
    return Reply(verify_email(request.body))
