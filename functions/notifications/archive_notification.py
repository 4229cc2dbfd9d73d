"""PUT /api/v1/notifications/archive/{notification_id}: archive a notification."""

from tidings.notifications.inbox import archive_notification
from tidings.platform.entry.rest import rest

handler = rest(archive_notification)
