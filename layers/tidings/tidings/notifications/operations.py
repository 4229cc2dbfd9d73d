"""What can be done with notifications."""

from tidings.notifications.models import Notification
from tidings.notifications.rules import RULES, SILENT, Rule
from tidings.platform.events import Event
from tidings.platform.logging import logger


def notify(event: Event) -> None:
    """Put what an event has to say into the inbox of each person it concerns, once."""
    if type(event) in SILENT:
        return
    rule = RULES[type(event)]
    for user_id in rule.audience(event):
        _tell(user_id, event, rule)


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
