"""GET /api/v1/users/{user_id}/activity: a person's purchases and views."""

from tidings.platform.entry.rest import rest
from tidings.platform.storage.pagination import PageRequest
from tidings.recommendations.queries import get_user_activity

handler = rest(get_user_activity, query=PageRequest)
