"""POST /api/v1/users/{user_id}/purchase: note what a person bought."""

from tidings.platform.auth import Role
from tidings.platform.errors import Forbidden
from tidings.platform.http import Reply, Request, endpoint
from tidings.recommendations.errors import TimeOutOfRange, UnknownProduct
from tidings.recommendations.operations import log_purchase
from tidings.recommendations.schemas import ActivityView, LogPurchase


@endpoint(
    role=Role.CUSTOMER,
    body=LogPurchase,
    returns=ActivityView,
    status=201,
    refusals=(Forbidden, TimeOutOfRange, UnknownProduct),
)
def handler(request: Request[LogPurchase]) -> Reply:
    noted = log_purchase(request.person("user_id"), request.body, caller=request.caller)
    return Reply(noted, message="The purchase is noted.")
