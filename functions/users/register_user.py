"""POST /api/v1/register: register an account."""

from tidings.platform.entry.rest import rest
from tidings.users.registration import register_user

handler = rest(register_user, status=201, reads_token=False, message="Welcome.")
