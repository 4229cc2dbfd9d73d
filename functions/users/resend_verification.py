"""POST /api/v1/verify-email/resend: have another code sent that verifies the address."""

from tidings.platform.errors import RateLimited
from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.users.registration import resend_verification
from tidings.users.schemas import Acknowledgement, ResendVerification


@endpoint(
    role=PUBLIC,
    body=ResendVerification,
    returns=Acknowledgement,
    refusals=(RateLimited,),
    reads_token=False,
)
def handler(request: Request[ResendVerification]) -> Reply:
    return Reply(resend_verification(request.body))
