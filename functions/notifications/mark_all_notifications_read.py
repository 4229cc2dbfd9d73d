"""PUT /api/v1/notifications/read-all/{user_id}: mark all as read, up to a time."""

from tidings.notifications.inbox import mark_all_notifications_read
from tidings.platform.entry.rest import rest

handler = rest(mark_all_notifications_read)
