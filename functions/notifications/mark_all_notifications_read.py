"""PUT /api/v1/notifications/read-all/{user_id}: note that all were read, up to a time."""

from tidings.notifications.inbox import mark_all_notifications_read
from tidings.notifications.schemas import MarkAllRead, ReadCount
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, body=MarkAllRead, returns=ReadCount)
def handler(request: Request[MarkAllRead]) -> Reply:
    user_id = request.person("user_id")
    return Reply(mark_all_notifications_read(user_id, request.body, caller=request.caller))
