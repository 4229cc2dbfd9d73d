"""GET /api/v1/notifications/unread/{user_id}: a person's unread notifications.

`meta.total` is their number.
"""

from tidings.notifications.queries import get_unread_notifications
from tidings.platform.entry.rest import rest
from tidings.platform.storage.pagination import PageRequest

handler = rest(get_unread_notifications, query=PageRequest)
