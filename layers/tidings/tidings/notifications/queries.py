"""Queries of notifications."""

from mongoengine import QuerySet

from tidings.delivery.models import Notification
from tidings.delivery.status import (
    DeliveryView,
    NotificationStatus,
    deliveries_of,
    status_of,
)
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.models import SendRequest
from tidings.notifications.schemas import InboxFilter, NotificationView
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_self
from tidings.platform.storage.pagination import COUNTED_UP_TO, Page, PageRequest, paginate


class ToldView(NotificationView):
    """A notification, and the state of its delivery on each channel."""

    campaign_id: str | None
    deliveries: list[DeliveryView]


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, writes=False)
def get_user_notifications(
    user_id: str, page: PageRequest, *, caller: Principal, wanted: InboxFilter | None = None
) -> Page[NotificationView]:
    """Return a page of a person's inbox, newest first, without archived notifications by default.

    Raises:
        Forbidden: the inbox belongs to another user, and the caller is not an operator.
        UnknownCursor: the cursor is not valid for this list.
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
    shown = found.only(*NotificationView.model_fields)
    return paginate(shown, page).map(NotificationView.model_validate)


def get_stored_notifications(
    user_id: str, page: PageRequest, *, caller: Principal
) -> Page[ToldView]:
    """Return a page of all notifications of a person, newest first, also those outside the inbox.

    Raises:
        Forbidden: they belong to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    found = Notification.objects(user_id=user_id).exclude("variables", "metadata", "outbox")
    return paginate(found, page).map(_told)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    writes=False,
    note="`meta.total` is the number of unread ones",
)
def get_unread_notifications(
    user_id: str, page: PageRequest, *, caller: Principal
) -> Page[NotificationView]:
    """Return a page of a user's unread notifications, newest first.

    Raises:
        Forbidden: the inbox belongs to another user, and the caller is not an operator.
    """
    wanted = InboxFilter(unread_only=True)
    return get_user_notifications(user_id, page, caller=caller, wanted=wanted)


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, writes=False)
def get_unread_count(user_id: str, *, caller: Principal) -> int:
    """Return the number of a person's unread notifications, without archived ones, up to 10,000.

    Raises:
        Forbidden: they belong to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    unread = inbox_of(user_id).filter(read_at=None).limit(COUNTED_UP_TO)
    return int(unread.count(with_limit_and_skip=True))


@operation(
    role=Role.CUSTOMER,
    services=True,
    whose=Whose.OWN_OR_OPERATOR,
    others=NotificationNotFound,
    refuses=(NotificationNotFound,),
    writes=False,
    note="a service only what it sent",
)
def get_notification_status(notification_id: str, *, caller: Principal) -> NotificationStatus:
    """Return the state of a notification, from Redis if it has it.

    Raises:
        NotificationNotFound: it does not exist, or the caller may not see it. Operators see all,
            services see those that they sent, other users see their own.
    """
    found = status_of(notification_id)
    if found is None:
        raise NotificationNotFound
    if caller.role.includes(Role.OPERATOR):
        return found
    if caller.role is Role.SERVICE:
        if not was_sent_by(notification_id, caller.user_id):
            raise NotificationNotFound
        return found
    if found.user_id != caller.user_id:
        raise NotificationNotFound
    return found.model_copy(update={"metadata": {}})  # it belongs to the sender


def was_sent_by(notification_id: str, sender_id: str) -> bool:
    """Say whether a person or service sent a notification through the send API."""
    own = SendRequest.objects(notification_id=notification_id, sender_id=sender_id)
    return own.only("id").first() is not None


def _told(notification: Notification) -> ToldView:
    values = {
        name: getattr(notification, name) for name in ToldView.model_fields if name != "deliveries"
    }
    # A notification outside the inbox may have no title and no body.
    words = {"title": notification.title or "", "body": notification.body or ""}
    return ToldView(**(values | words), deliveries=deliveries_of(notification))


def stored_in_inboxes(user_ids: list[str]) -> "QuerySet[Notification]":
    """Return the query for what is in these people's inboxes and their archives."""
    whose = {"user_id": user_ids[0]} if len(user_ids) == 1 else {"user_id__in": user_ids}
    return Notification.objects(**whose, in_inbox__ne=False)


def inbox_of(user_id: str, *, archived: bool = False) -> "QuerySet[Notification]":
    """Return the query for an inbox, or for its archive."""
    # Old notifications do not have the field, so the query is not `in_inbox=True`.
    shown = Notification.objects(user_id=user_id, in_inbox__ne=False)
    return shown.filter(archived_at__ne=None) if archived else shown.filter(archived_at=None)
