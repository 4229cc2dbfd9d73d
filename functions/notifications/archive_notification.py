"""PUT /api/v1/notifications/archive/{notification_id}: put it away."""

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.inbox import archive_notification
from tidings.notifications.schemas import NotificationView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, returns=NotificationView, refusals=(NotificationNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(archive_notification(request.path["notification_id"], caller=request.caller))
