"""PUT /api/v1/users/{user_id}/contact-points: set the phone and the webhook."""

from tidings.platform.entry.rest import rest
from tidings.users.contact_points import set_contact_points

handler = rest(set_contact_points)
