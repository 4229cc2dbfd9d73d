"""GET /api/v1/notifications/{id}: the inbox of a user; `me` stands for the caller."""

from tidings.notifications.queries import get_user_notifications
from tidings.notifications.schemas import InboxQuery
from tidings.platform.entry.rest import rest

handler = rest(get_user_notifications, query=InboxQuery)
