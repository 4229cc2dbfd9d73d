"""PUT /api/v1/users/{user_id}/preferences: change notification preferences."""

from tidings.platform.entry.rest import rest
from tidings.users.operations import update_user_preferences

handler = rest(update_user_preferences)
