"""DELETE /api/v1/suppressions/{suppression_id}: let an address have mail again."""

from tidings.delivery.errors import SuppressionNotFound
from tidings.delivery.schemas import LiftSuppression, SuppressionView
from tidings.delivery.suppression import lift_suppression
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    query=LiftSuppression,
    returns=SuppressionView,
    refusals=(SuppressionNotFound,),
)
def handler(request: Request[None, LiftSuppression]) -> Reply:
    suppression_id, reason = request.path["suppression_id"], request.query.reason
    return Reply(lift_suppression(suppression_id, reason, caller=request.caller))
