"""GET /api/v1/users/{user_id}: an account; `me` stands for the caller."""

from tidings.platform.entry.answers import Reply
from tidings.platform.entry.rest import rest
from tidings.users.newest_device import with_push_token
from tidings.users.queries import get_user

handler = rest(get_user, reply=lambda account: Reply(with_push_token(account)))
