"""POST /api/v1/monitoring/failed-messages/redrive: back to their queues, or what would happen."""

from tidings.operations.errors import ChangesRefused, FailedMessageNotFound, MessageNotWaiting
from tidings.operations.redrive import redrive_failed_messages
from tidings.operations.schemas import RedriveFailedMessages, RedriveReport
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    body=RedriveFailedMessages,
    returns=RedriveReport,
    refusals=(ChangesRefused, FailedMessageNotFound, MessageNotWaiting),
)
def handler(request: Request[RedriveFailedMessages]) -> Reply:
    return Reply(redrive_failed_messages(request.body, caller=request.caller))
