"""POST /api/v1/notifications/{id}/cancel: call this notification off, while it waits.

For operators, and the service that sent it.
"""

from tidings.notifications.cancelling import cancel_notification
from tidings.notifications.errors import NotificationNotFound, TooLateToCancel
from tidings.notifications.status import NotificationStatus
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    services=True,
    returns=NotificationStatus,
    refusals=(NotificationNotFound, TooLateToCancel),
)
def handler(request: Request[None]) -> Reply:
    return Reply(cancel_notification(request.path["id"], caller=request.caller))
