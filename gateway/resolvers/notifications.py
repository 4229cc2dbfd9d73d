"""Resolvers of notifications."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.notifications import cancelling, inbox, queries, sending
from tidings.notifications.schemas import (
    AcceptedNotification,
    InboxDeletion,
    InboxFilter,
    MarkAllRead,
    NotificationView,
    ReadCount,
    SendNotification,
)
from tidings.notifications.status import NotificationStatus


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


def get_notification_status(_: Any, info: Info, id: str) -> NotificationStatus:
    return queries.get_notification_status(id, caller=caller(info))


def send_notification(_: Any, info: Info, input: dict[str, Any]) -> AcceptedNotification:
    wanted = SendNotification.model_validate(input)
    return sending.send_notification(wanted, caller=caller(info))


def cancel_notification(_: Any, info: Info, id: str) -> NotificationStatus:
    return cancelling.cancel_notification(id, caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {
    "getUserNotifications": get_user_notifications,
    "getUnreadCount": get_unread_count,
    "getNotificationStatus": get_notification_status,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "markNotificationRead": mark_notification_read,
    "markAllNotificationsRead": mark_all_notifications_read,
    "archiveNotification": archive_notification,
    "unarchiveNotification": unarchive_notification,
    "deleteNotification": delete_notification,
    "sendNotification": send_notification,
    "cancelNotification": cancel_notification,
}
