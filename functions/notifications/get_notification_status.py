"""GET /api/v1/notifications/{id}/status: the state of a notification.

For its recipient, operators, and the service that sent it.
"""

from tidings.notifications.queries import get_notification_status
from tidings.platform.entry.rest import rest

handler = rest(get_notification_status)
