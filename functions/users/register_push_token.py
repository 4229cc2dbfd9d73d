"""POST /api/v1/users/{user_id}/push-tokens: register a device for push messages."""

from tidings.platform.entry.rest import rest
from tidings.users.push_tokens import register_push_token

handler = rest(register_push_token, status=201)
