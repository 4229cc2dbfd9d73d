"""DELETE /api/v1/users/{user_id}: delete the caller's account; administrators, any account."""

from tidings.platform.entry.rest import rest
from tidings.users.operations import delete_account

handler = rest(delete_account)
