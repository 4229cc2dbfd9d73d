"""PUT /api/v1/notifications/read/{notification_id}: note that it was read."""

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.inbox import mark_notification_read
from tidings.notifications.schemas import NotificationView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, returns=NotificationView, refusals=(NotificationNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(mark_notification_read(request.path["notification_id"], caller=request.caller))
