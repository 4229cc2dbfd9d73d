"""GET /api/v1/users/{user_id}: an account; `me` stands for the caller."""

from tidings.platform.entry.rest import rest
from tidings.users.queries import get_user

handler = rest(get_user)
