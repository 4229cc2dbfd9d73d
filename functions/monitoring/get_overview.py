"""GET /api/v1/monitoring/overview: what happens now, and in the last hour."""

from tidings.monitoring.overview.operations import get_overview
from tidings.platform.entry.rest import rest

handler = rest(get_overview)
