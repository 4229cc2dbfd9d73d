"""POST /api/v1/notifications: send one message to one person.

For operators and services. The same `request_id` again is answered with what was accepted
first, and sends nothing.
"""

from tidings.notifications.errors import RequestIdReused, UnknownRecipient
from tidings.notifications.schemas import AcceptedNotification, SendNotification
from tidings.notifications.sending import send_notification
from tidings.platform.auth import Role
from tidings.platform.errors import RateLimited
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    services=True,
    body=SendNotification,
    returns=AcceptedNotification,
    status=202,
    refusals=(RequestIdReused, UnknownRecipient, RateLimited),
)
def handler(request: Request[SendNotification]) -> Reply:
    accepted = send_notification(request.body, caller=request.caller)
    return Reply(accepted, message="The notification is accepted.")
