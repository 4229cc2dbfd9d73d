"""GET /api/v1/notifications/unread/{user_id}: what a person has not read yet."""

from tidings.notifications.queries import get_user_notifications
from tidings.notifications.schemas import NotificationView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.platform.pagination import PageRequest


@endpoint(role=Role.CUSTOMER, query=PageRequest, returns=list[NotificationView])
def handler(request: Request[None, PageRequest]) -> Reply:
    page = get_user_notifications(
        request.person("user_id"), request.query, caller=request.caller, unread_only=True
    )
    return Reply.of_page(page)
