"""GET /api/v1/notifications/unread/{user_id}: what a person has not read yet."""

from tidings.notifications.queries import get_user_notifications
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER)
def handler(request: Request[None]) -> Reply:
    page = get_user_notifications(
        request.person("user_id"), request.page, caller=request.caller, unread_only=True
    )
    return Reply.of_page(page)
