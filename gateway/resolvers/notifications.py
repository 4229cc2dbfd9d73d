"""Resolvers of notifications."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.notifications import operations, queries
from tidings.notifications.schemas import NotificationView


def get_user_notifications(
    _: Any,
    info: Info,
    first: int,
    unread_only: bool,
    user_id: str | None = None,
    after: str | None = None,
) -> Connection:
    principal = caller(info)
    page = queries.get_user_notifications(
        user_id or principal.user_id,
        PageArguments.model_validate({"first": first, "after": after}),
        caller=principal,
        unread_only=unread_only,
    )
    return connection(page)


def mark_notification_read(_: Any, info: Info, id: str) -> NotificationView:
    return operations.mark_notification_read(id, caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {
    "getUserNotifications": get_user_notifications,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "markNotificationRead": mark_notification_read,
}
