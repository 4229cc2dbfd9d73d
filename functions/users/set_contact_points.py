"""PUT /api/v1/users/{user_id}/contact-points: one's phone and webhook."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.users.contact_points import ContactPoints, SetContactPoints, set_contact_points
from tidings.users.errors import UncallableUrl, UserNotFound


@endpoint(
    role=Role.CUSTOMER,
    body=SetContactPoints,
    returns=ContactPoints,
    refusals=(UncallableUrl, UserNotFound),
)
def handler(request: Request[SetContactPoints]) -> Reply:
    user_id = request.person("user_id")
    return Reply(set_contact_points(user_id, request.body, caller=request.caller))
