"""DELETE /api/v1/notifications/{id}: remove a notification from the inbox."""

from tidings.notifications.inbox import delete_notification
from tidings.platform.entry.rest import rest

handler = rest(delete_notification)
