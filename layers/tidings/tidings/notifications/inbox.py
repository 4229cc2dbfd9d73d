"""What readers do with what lies in their inbox. Each step may be repeated."""

from datetime import datetime
from typing import Any, Final

from tidings.notifications import status
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.models import Notification
from tidings.notifications.queries import inbox_of
from tidings.notifications.schemas import (
    InboxDeletion,
    MarkAllRead,
    NotificationView,
    ReadCount,
)
from tidings.platform.auth import Principal, require_own
from tidings.platform.clock import now

# What one call marks; a longer inbox takes several.
MAX_READ_AT_ONCE: Final = 10_000


def mark_notification_read(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationView:
    """Note that its reader has read a notification; the first time counts.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's.
    """
    return _change(notification_id, caller, {"read_at": None}, set__read_at=at or now())


def mark_all_notifications_read(
    user_id: str, wanted: MarkAllRead, *, caller: Principal, at: datetime | None = None
) -> ReadCount:
    """Note that a reader has read all that lay in their inbox at a time.

    Raises:
        Forbidden: it is somebody else's inbox.
    """
    require_own(caller, user_id)
    moment = at or now()
    up_to = min(wanted.up_to or moment, moment)
    unread = inbox_of(user_id).filter(read_at=None, created_at__lte=up_to)
    ids = list(unread.limit(MAX_READ_AT_ONCE + 1).scalar("pk"))
    chosen = ids[:MAX_READ_AT_ONCE]
    read = Notification.objects(pk__in=chosen, read_at=None).update(set__read_at=moment)
    status.forget_fast(chosen)
    return ReadCount(read=read, up_to=up_to, more=len(ids) > len(chosen))


def archive_notification(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationView:
    """Put a notification away; whether it was read stays as it is.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's.
    """
    return _change(notification_id, caller, {"archived_at": None}, set__archived_at=at or now())


def unarchive_notification(notification_id: str, *, caller: Principal) -> NotificationView:
    """Put a notification back.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's.
    """
    return _change(notification_id, caller, {}, unset__archived_at=True)


def delete_notification(notification_id: str, *, caller: Principal) -> InboxDeletion:
    """Take a notification out of its reader's inbox, for good.

    The document stays until it expires: it keeps a repeated event from telling it again, and
    what other channels have to say of it goes its way.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's.
    """
    if not _mine(notification_id, caller).update_one(set__in_inbox=False):
        raise NotificationNotFound
    return InboxDeletion(id=notification_id)


def _change(
    notification_id: str, caller: Principal, unless_done: dict[str, Any], **change: Any
) -> NotificationView:
    mine = _mine(notification_id, caller)
    if mine.filter(**unless_done).update_one(**change):
        status.forget_fast([notification_id])
    notification = mine.first()
    if notification is None:
        raise NotificationNotFound
    return NotificationView.model_validate(notification)


def _mine(notification_id: str, caller: Principal) -> Any:
    return Notification.objects(pk=notification_id, user_id=caller.user_id, in_inbox__ne=False)
