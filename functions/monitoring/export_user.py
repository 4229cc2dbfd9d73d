"""GET /api/v1/users/{user_id}/export: all data about a person."""

from tidings.monitoring.export import export_user
from tidings.platform.entry.rest import rest

handler = rest(export_user)
