"""GET /api/v1/monitoring/failed-messages: what consumers could not handle; personal data masked."""

from tidings.operations.queries import get_failed_messages
from tidings.operations.schemas import FailedMessageView, GetFailedMessages
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.OPERATOR, query=GetFailedMessages, returns=list[FailedMessageView])
def handler(request: Request[None, GetFailedMessages]) -> Reply:
    query = request.query
    return Reply.of_page(get_failed_messages(query, caller=request.caller, wanted=query))
