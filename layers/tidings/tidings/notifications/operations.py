"""What can be done with notifications."""

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.models import Notification
from tidings.notifications.rules import RULES, SILENT, Rule
from tidings.notifications.schemas import NotificationView
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.events import Event
from tidings.platform.logging import logger
from tidings.users.events import UserDeleted


def notify(event: Event) -> None:
    """Put what an event has to say into the inbox of each person it concerns, once."""
    if isinstance(event, UserDeleted):
        _forget(event.data.user_id)
    if type(event) in SILENT:
        return
    rule = RULES[type(event)]
    for user_id in rule.audience(event):
        _tell(user_id, event, rule)


def mark_notification_read(notification_id: str, *, caller: Principal) -> NotificationView:
    """Note that its reader has read a notification; the first time counts.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's.
    """
    mine = Notification.objects(pk=notification_id, user_id=caller.user_id)
    mine.filter(read_at=None).update_one(set__read_at=now())
    notification = mine.first()
    if notification is None:
        raise NotificationNotFound
    return NotificationView.model_validate(notification)


def _forget(user_id: str) -> None:
    """Erase what a person was told."""
    erased = Notification.objects(user_id=user_id).delete()
    logger.info("inbox erased", user_id=user_id, count=erased)


def _tell(user_id: str, event: Event, rule: Rule) -> None:
    title, body = rule.render(event)
    notification = Notification(
        user_id=user_id,
        kind=rule.kind,
        title=title,
        body=body,
        subject_id=event.subject,
        dedupe_key=f"{event.id}:{user_id}",
        event_id=event.id,
        correlation_id=event.correlationid,
    )
    if _store_once(notification):
        logger.info("notification stored", notification_id=notification.id, kind=rule.kind)
    else:
        logger.info("notification was stored before", event_id=event.id)


def _store_once(notification: Notification) -> bool:
    stored = Notification._get_collection().update_one(
        {"dedupe_key": notification.dedupe_key},
        {"$setOnInsert": notification.to_mongo()},
        upsert=True,
    )
    return stored.upserted_id is not None
