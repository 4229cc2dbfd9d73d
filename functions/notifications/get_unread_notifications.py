"""GET /api/v1/notifications/unread/{user_id}: what a person has not read yet.

`meta.total` says how many there are.
"""

from tidings.notifications.queries import get_user_notifications
from tidings.notifications.schemas import InboxFilter, NotificationView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.platform.pagination import PageRequest


@endpoint(role=Role.CUSTOMER, query=PageRequest, returns=list[NotificationView])
def handler(request: Request[None, PageRequest]) -> Reply:
    unread = InboxFilter(unread_only=True)
    page = get_user_notifications(
        request.person("user_id"), request.query, caller=request.caller, wanted=unread
    )
    return Reply.of_page(page)
