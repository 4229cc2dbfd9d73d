"""GET /api/v1/notifications/{id}/status: what became of this notification.

For its reader, operators and services.
"""

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.queries import get_notification_status
from tidings.notifications.status import NotificationStatus
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.CUSTOMER, services=True, returns=NotificationStatus, refusals=(NotificationNotFound,)
)
def handler(request: Request[None]) -> Reply:
    return Reply(get_notification_status(request.path["id"], caller=request.caller))
