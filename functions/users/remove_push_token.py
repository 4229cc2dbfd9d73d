"""DELETE /api/v1/users/{user_id}/push-tokens/{token_id}: remove a device."""

from tidings.platform.entry.rest import rest
from tidings.users.push_tokens import remove_push_token

handler = rest(remove_push_token)
