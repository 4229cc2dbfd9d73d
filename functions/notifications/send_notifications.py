"""POST /api/v1/notifications/bulk: send up to 1,000 messages, each with its own answer.

For operators and services. A message with the same `request_id` returns the first notification and
sends nothing.
"""

from tidings.notifications.send_api import send_notifications
from tidings.platform.entry.rest import rest

handler = rest(send_notifications, message="Each message has its own answer.")
