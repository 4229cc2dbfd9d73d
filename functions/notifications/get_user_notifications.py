"""GET /api/v1/notifications/{user_id}: a person's inbox; `me` stands for the caller's own."""

from tidings.notifications.queries import get_user_notifications
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.CUSTOMER)
def handler(request: Request[None]) -> Reply:
    user_id = request.person("user_id")
    return Reply.of_page(get_user_notifications(user_id, request.page, caller=request.caller))
