"""DELETE /api/v1/notifications/{id}: take this notification out of the inbox."""

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.inbox import delete_notification
from tidings.notifications.schemas import InboxDeletion
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, returns=InboxDeletion, refusals=(NotificationNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(delete_notification(request.path["id"], caller=request.caller))
