"""PUT /api/v1/notifications/read/{notification_id}: mark a notification as read."""

from tidings.notifications.inbox import mark_notification_read
from tidings.platform.entry.rest import rest

handler = rest(mark_notification_read)
