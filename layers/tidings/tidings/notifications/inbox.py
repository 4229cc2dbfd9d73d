"""Operations on a person's own inbox. Each may be repeated."""

from datetime import datetime
from time import monotonic
from typing import Any, Final

from mongoengine import QuerySet

from tidings.delivery import inbox_signals, status
from tidings.delivery.inbox_signals import MANY, Changed
from tidings.delivery.models import Notification
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.queries import inbox_of
from tidings.notifications.schemas import (
    InboxDeletion,
    MarkAllRead,
    NotificationView,
    ReadCount,
)
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_own
from tidings.platform.timing.clock import now

# The number that one call marks; a longer inbox needs several calls.
MAX_READ_AT_ONCE: Final = 10_000
# The number that one command marks: all at once took longer than a command may, and delayed others.
MARKED_TOGETHER: Final = 250
# The time after which a call begins no further command, in seconds.
MARKING_SECONDS: Final = 5.0


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN,
    others=NotificationNotFound,
    refuses=(NotificationNotFound,),
)
def mark_notification_read(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationView:
    """Record that the recipient has read a notification; the first time counts.

    Raises:
        NotificationNotFound: it does not exist, or belongs to another user.
    """
    return _change(notification_id, caller, {"read_at": None}, set__read_at=at or now())


@operation(role=Role.CUSTOMER, whose=Whose.OWN)
def mark_all_notifications_read(
    user_id: str, wanted: MarkAllRead, *, caller: Principal, at: datetime | None = None
) -> ReadCount:
    """Record that a person has read everything that was in the inbox at a time.

    Raises:
        Forbidden: the inbox belongs to another user.
    """
    require_own(caller, user_id)
    moment = at or now()
    up_to = min(wanted.up_to or moment, moment)
    unread = _there_at(up_to, inbox_of(user_id).filter(read_at=None))
    ids = list(unread.limit(MAX_READ_AT_ONCE + 1).scalar("pk"))
    marked, read = _mark(ids[:MAX_READ_AT_ONCE], moment)
    if read:
        inbox_signals.announce([Changed(user_id, marked[0] if len(marked) == 1 else MANY)])
    return ReadCount(read=read, up_to=up_to, more=len(ids) > len(marked))


def _there_at(moment: datetime, found: "QuerySet[Notification]") -> "QuerySet[Notification]":
    """Return those that the inbox had at a time; only what waited for `send_at` has `shown_at`."""
    return found.filter(created_at__lte=moment, shown_at__not__gt=moment)


def _mark(ids: list[str], moment: datetime) -> tuple[list[str], int]:
    """Mark groups of notifications while there is time; return the ids and the number of changed.

    The first group is always marked, so that each call makes progress.
    """
    end, marked, read = monotonic() + MARKING_SECONDS, 0, 0
    while marked < len(ids) and (not marked or monotonic() < end):
        group = ids[marked : marked + MARKED_TOGETHER]
        read += Notification.objects(pk__in=group, read_at=None).update(set__read_at=moment)
        status.forget(group)
        marked += len(group)
    return ids[:marked], read


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN,
    others=NotificationNotFound,
    refuses=(NotificationNotFound,),
)
def archive_notification(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationView:
    """Archive a notification; its read state does not change.

    Raises:
        NotificationNotFound: it does not exist, or belongs to another user.
    """
    return _change(notification_id, caller, {"archived_at": None}, set__archived_at=at or now())


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN,
    others=NotificationNotFound,
    refuses=(NotificationNotFound,),
)
def unarchive_notification(notification_id: str, *, caller: Principal) -> NotificationView:
    """Move a notification from the archive back to the inbox.

    Raises:
        NotificationNotFound: it does not exist, or belongs to another user.
    """
    return _change(notification_id, caller, {}, unset__archived_at=True)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN,
    others=NotificationNotFound,
    refuses=(NotificationNotFound,),
)
def delete_notification(notification_id: str, *, caller: Principal) -> InboxDeletion:
    """Remove a notification from its recipient's inbox permanently.

    The document stays until it expires: it prevents a second notification for a repeated event, and
    other channels still need it.

    Raises:
        NotificationNotFound: it does not exist, or belongs to another user.
    """
    if not _mine(notification_id, caller).update_one(set__in_inbox=False):
        raise NotificationNotFound
    inbox_signals.announce([Changed(caller.user_id, notification_id)])
    return InboxDeletion(id=notification_id)


def _change(
    notification_id: str, caller: Principal, unless_done: dict[str, Any], **change: Any
) -> NotificationView:
    mine = _mine(notification_id, caller)
    if mine.filter(**unless_done).update_one(**change):
        status.forget([notification_id])
        inbox_signals.announce([Changed(caller.user_id, notification_id)])
    notification = mine.first()
    if notification is None:
        raise NotificationNotFound
    return NotificationView.model_validate(notification)


def _mine(notification_id: str, caller: Principal) -> Any:
    return Notification.objects(pk=notification_id, user_id=caller.user_id, in_inbox__ne=False)
