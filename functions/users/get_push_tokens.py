"""GET /api/v1/users/{user_id}/push-tokens: the devices that receive push messages."""

from tidings.platform.entry.rest import rest
from tidings.users.push_tokens import get_push_tokens

handler = rest(get_push_tokens)
