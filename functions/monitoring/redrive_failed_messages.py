"""POST /api/v1/monitoring/failed-messages/redrive: redrive them, or forecast the result."""

from tidings.monitoring.redrive import redrive_failed_messages
from tidings.platform.entry.rest import rest

handler = rest(redrive_failed_messages)
