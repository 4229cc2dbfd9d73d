"""GET /api/v1/monitoring/failed-messages: failed messages, with personal data masked."""

from tidings.monitoring.queries import get_failed_messages
from tidings.monitoring.schemas import GetFailedMessages
from tidings.platform.entry.rest import rest

handler = rest(get_failed_messages, query=GetFailedMessages)
