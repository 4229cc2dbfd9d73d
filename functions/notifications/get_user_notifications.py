"""GET /api/v1/notifications/{user_id}: a person's inbox; `me` stands for the caller's own."""

from tidings.notifications.queries import get_user_notifications
from tidings.notifications.schemas import NotificationView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.platform.pagination import PageRequest


@endpoint(role=Role.CUSTOMER, query=PageRequest, returns=list[NotificationView])
def handler(request: Request[None, PageRequest]) -> Reply:
    user_id = request.person("user_id")
    return Reply.of_page(get_user_notifications(user_id, request.query, caller=request.caller))
