"""What can be asked about notifications."""

from mongoengine import QuerySet

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.models import Notification
from tidings.notifications.schemas import InboxFilter, NotificationView
from tidings.notifications.status import (
    DeliveryView,
    NotificationStatus,
    deliveries_of,
    status_of,
)
from tidings.platform.auth import Principal, Role, require_self
from tidings.platform.pagination import Page, PageRequest, paginate


class ToldView(NotificationView):
    """A notification, and what became of it by channel."""

    campaign_id: str | None
    deliveries: list[DeliveryView]


def get_user_notifications(
    user_id: str, page: PageRequest, *, caller: Principal, wanted: InboxFilter | None = None
) -> Page[NotificationView]:
    """Return a page of a person's inbox, newest first; what is archived only if asked for.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
        UnknownCursor: the cursor is not one of ours.
    """
    require_self(caller, user_id)
    where = wanted or InboxFilter()
    found = inbox_of(user_id, archived=where.archived)
    if where.unread_only:
        found = found.filter(read_at=None)
    if where.kind is not None:
        found = found.filter(kind=where.kind)
    if where.category is not None:
        found = found.filter(category=where.category)
    return paginate(found, page).map(NotificationView.model_validate)


def get_told(user_id: str, page: PageRequest, *, caller: Principal) -> Page[ToldView]:
    """Return a page of all that a person was told, newest first, also outside the inbox.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
    """
    require_self(caller, user_id)
    found = Notification.objects(user_id=user_id).exclude("variables", "metadata", "outbox")
    return paginate(found, page).map(_told)


def count_unread(user_id: str, *, caller: Principal) -> int:
    """Return how many notifications of a person are unread; what is archived does not count.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
    """
    require_self(caller, user_id)
    return int(inbox_of(user_id).filter(read_at=None).count())


def get_notification_status(notification_id: str, *, caller: Principal) -> NotificationStatus:
    """Return what became of a notification, from Redis where it knows.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's and the caller is neither
            an operator nor a service.
    """
    found = status_of(notification_id)
    if found is None:
        raise NotificationNotFound
    if caller.role is Role.SERVICE or caller.role.includes(Role.OPERATOR):
        return found
    if found.user_id != caller.user_id:
        raise NotificationNotFound
    return found.model_copy(update={"metadata": {}})  # which is its sender's


def _told(notification: Notification) -> ToldView:
    values = {
        name: getattr(notification, name) for name in ToldView.model_fields if name != "deliveries"
    }
    # What went by other channels alone may have no words of its own.
    words = {"title": notification.title or "", "body": notification.body or ""}
    return ToldView(**(values | words), deliveries=deliveries_of(notification))


def inbox_of(user_id: str, *, archived: bool = False) -> "QuerySet[Notification]":
    """Return what lies in an inbox, or in its archive."""
    # Not `in_inbox=True`: notifications of old do not have the field.
    shown = Notification.objects(user_id=user_id, in_inbox__ne=False)
    return shown.filter(archived_at__ne=None) if archived else shown.filter(archived_at=None)
