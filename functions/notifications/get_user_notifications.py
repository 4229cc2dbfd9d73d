"""GET /api/v1/notifications/{id}: the inbox of this user; `me` stands for the caller's own."""

from tidings.notifications.queries import get_user_notifications
from tidings.notifications.schemas import InboxQuery, NotificationView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER, query=InboxQuery, returns=list[NotificationView])
def handler(request: Request[None, InboxQuery]) -> Reply:
    page = get_user_notifications(
        request.person("id"), request.query, caller=request.caller, wanted=request.query
    )
    return Reply.of_page(page)
