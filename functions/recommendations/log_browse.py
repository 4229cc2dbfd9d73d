"""POST /api/v1/users/{user_id}/browse: note what a person looked at."""

from tidings.platform.auth import Role
from tidings.platform.errors import Forbidden
from tidings.platform.http import Reply, Request, endpoint
from tidings.recommendations.errors import TimeOutOfRange
from tidings.recommendations.operations import log_browse
from tidings.recommendations.schemas import BrowseReceipt, LogBrowse


@endpoint(
    role=Role.CUSTOMER,
    body=LogBrowse,
    returns=BrowseReceipt,
    status=202,
    refusals=(Forbidden, TimeOutOfRange),
)
def handler(request: Request[LogBrowse]) -> Reply:
    return Reply(log_browse(request.person("user_id"), request.body, caller=request.caller))
