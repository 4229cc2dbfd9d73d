"""POST /api/v1/notifications: send one message to one person.

For operators and services. A request with the same `request_id` returns the first notification and
sends nothing.
"""

from tidings.notifications.send_api import send_notification
from tidings.platform.entry.rest import rest

handler = rest(send_notification, status=202, message="The notification is accepted.")
