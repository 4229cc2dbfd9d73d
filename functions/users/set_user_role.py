"""PUT /api/v1/users/{user_id}/role: give another user a new role."""

from tidings.platform.entry.rest import rest
from tidings.users.roles import set_user_role

handler = rest(set_user_role)
