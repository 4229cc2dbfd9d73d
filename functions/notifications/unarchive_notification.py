"""DELETE /api/v1/notifications/archive/{notification_id}: move it back to the inbox."""

from tidings.notifications.inbox import unarchive_notification
from tidings.platform.entry.rest import rest

handler = rest(unarchive_notification)
