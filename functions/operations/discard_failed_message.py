"""DELETE /api/v1/monitoring/failed-messages/{message_id}: nobody needs this message any more."""

from tidings.operations.errors import FailedMessageNotFound, MessageNotWaiting
from tidings.operations.failed_messages import discard_failed_message
from tidings.operations.schemas import DiscardReason, FailedMessageView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    query=DiscardReason,
    returns=FailedMessageView,
    refusals=(FailedMessageNotFound, MessageNotWaiting),
)
def handler(request: Request[None, DiscardReason]) -> Reply:
    message_id, reason = request.path["message_id"], request.query.reason
    return Reply(discard_failed_message(message_id, reason, caller=request.caller))
