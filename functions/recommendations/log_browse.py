"""POST /api/v1/users/{user_id}/browse: store a person's views."""

from tidings.platform.entry.rest import rest
from tidings.recommendations.operations import log_browse

handler = rest(log_browse, status=202)
