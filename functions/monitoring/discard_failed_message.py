"""DELETE /api/v1/monitoring/failed-messages/{message_id}: discard a failed message."""

from tidings.monitoring.failed_messages import discard_failed_message
from tidings.monitoring.schemas import DiscardReason
from tidings.platform.entry.rest import rest

handler = rest(discard_failed_message, query=DiscardReason)
