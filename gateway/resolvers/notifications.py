"""Resolvers of notifications."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.notifications import inbox, queries
from tidings.notifications.schemas import (
    InboxDeletion,
    InboxFilter,
    MarkAllRead,
    NotificationView,
    ReadCount,
)


def get_user_notifications(
    _: Any,
    info: Info,
    first: int,
    user_id: str | None = None,
    after: str | None = None,
    **wanted: Any,
) -> Connection:
    principal = caller(info)
    page = queries.get_user_notifications(
        user_id or principal.user_id,
        PageArguments.model_validate({"first": first, "after": after}),
        caller=principal,
        wanted=InboxFilter.model_validate({k: v for k, v in wanted.items() if v is not None}),
    )
    return connection(page)


def get_unread_count(_: Any, info: Info, user_id: str | None = None) -> int:
    principal = caller(info)
    return queries.count_unread(user_id or principal.user_id, caller=principal)


def mark_notification_read(_: Any, info: Info, id: str) -> NotificationView:
    return inbox.mark_notification_read(id, caller=caller(info))


def mark_all_notifications_read(_: Any, info: Info, **arguments: Any) -> ReadCount:
    principal = caller(info)
    wanted = MarkAllRead.model_validate(arguments)
    return inbox.mark_all_notifications_read(principal.user_id, wanted, caller=principal)


def archive_notification(_: Any, info: Info, id: str) -> NotificationView:
    return inbox.archive_notification(id, caller=caller(info))


def unarchive_notification(_: Any, info: Info, id: str) -> NotificationView:
    return inbox.unarchive_notification(id, caller=caller(info))


def delete_notification(_: Any, info: Info, id: str) -> InboxDeletion:
    return inbox.delete_notification(id, caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {
    "getUserNotifications": get_user_notifications,
    "getUnreadCount": get_unread_count,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "markNotificationRead": mark_notification_read,
    "markAllNotificationsRead": mark_all_notifications_read,
    "archiveNotification": archive_notification,
    "unarchiveNotification": unarchive_notification,
    "deleteNotification": delete_notification,
}
