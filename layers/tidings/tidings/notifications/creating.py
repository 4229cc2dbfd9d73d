"""Store notifications for people: each once, in the inbox and for the channels they want."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pymongo.errors import PyMongoError

from tidings.delivery import inbox_signals
from tidings.delivery.inbox_signals import Changed
from tidings.delivery.models import Notification
from tidings.notifications.drafting import (
    NotificationContent,
    draft,
    draft_failed,
)
from tidings.platform.context import correlated
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event, handling
from tidings.platform.observability import metrics
from tidings.platform.timing.clock import now
from tidings.templates.current import carries_code, current_version
from tidings.templates.errors import CodeTemplate
from tidings.users.contacts import Contact, get_contacts

MAX_RECIPIENTS: Final = 500


class CreatedNotification(NamedTuple):
    """A person's notification; `is_new` is False if it was stored before."""

    notification_id: str
    is_new: bool


class Addressed(NamedTuple):
    """The content of an event for one person."""

    user_id: str
    content: NotificationContent
    event: Event


def create_notifications(
    user_ids: Iterable[str],
    content: NotificationContent,
    *,
    at: datetime | None = None,
    one_of_many: bool = False,
) -> dict[str, CreatedNotification]:
    """Store a notification for each of at most 500 people, with its delivery commands.

    The number of database commands does not grow with the number of people. People without an
    account are left out of the result. If rendering fails for one person, that person's deliveries
    are stored as failed with the reason.

    Args:
        one_of_many: the people are a chunk of a larger audience. Then a failure of a chunk with one
            person is stored; otherwise it is raised.

    Raises:
        CodeTemplate: the template contains a one-time code, but the content does not.
        TidingsError: the template does not exist, or rendering fails for every person.
    """
    wanted = list(dict.fromkeys(user_ids))
    if len(wanted) > MAX_RECIPIENTS:
        raise ValueError(f"create_notifications() takes at most {MAX_RECIPIENTS} people at once")
    people = get_contacts(wanted, may_be_kept=not content.carries_code)
    if not people:
        return {}
    version = current_version(content.template_code)
    if carries_code(content.template_code, version) and not content.carries_code:
        raise CodeTemplate
    moment = at or now()
    documents = _drafts(list(people.values()), content, version, moment, one_of_many)
    known = _known(outbox.insert_all(Notification, documents))
    _announce([each for each in documents if each.user_id not in known])
    logger.info(
        "notifications stored",
        kind=content.kind,
        stored=len(documents) - len(known),
        known=len(known),
    )
    fresh = {each.user_id: CreatedNotification(each.id, True) for each in documents}
    return fresh | known


def store(documents: Sequence[Notification]) -> dict[str, CreatedNotification]:
    """Store drafts, at most 500; return the notifications by their `dedupe_key`.

    A draft that was stored before, with the same `dedupe_key`, is left out.
    """
    if not documents:
        return {}
    refused = outbox.insert_all(Notification, documents)
    known = {each.dedupe_key: CreatedNotification(each.id, False) for each in _stored(refused)}
    _announce([each for each in documents if each.dedupe_key not in known])
    logger.info("notifications stored", stored=len(documents) - len(known), known=len(known))
    fresh = {each.dedupe_key: CreatedNotification(each.id, True) for each in documents}
    return fresh | known


def notified_among(user_ids: Iterable[str], content: NotificationContent) -> frozenset[str]:
    """Return those of these people who have a notification of this content's key."""
    keys = [f"{content.dedupe}:{user_id}" for user_id in user_ids]
    return frozenset(Notification.objects(dedupe_key__in=keys).scalar("user_id"))


def created_at_of(notification_ids: Iterable[str]) -> dict[str, datetime]:
    """Return when notifications were created, by id."""
    ids = list(notification_ids)
    if not ids:
        return {}
    return dict(Notification.objects(pk__in=ids).scalar("id", "created_at"))


def create_personal_notifications(addressed: Sequence[Addressed]) -> list[Event]:
    """Store a notification for each of at most 500 people, each from an event of its own.

    The number of database commands does not grow with the number of events. People without an
    account are left out.

    Returns:
        The events whose notification cannot be drafted; nothing is stored for them.
    """
    if not addressed:
        return []
    is_for_codes = any(each.content.carries_code for each in addressed)
    people = get_contacts((each.user_id for each in addressed), may_be_kept=not is_for_codes)
    moment, documents, refused = now(), [], []
    for each in addressed:
        if (contact := people.get(each.user_id)) is None:
            with handling(each.event):
                logger.info("notification skipped: no account", user_id=each.user_id)
            continue
        try:
            with handling(each.event):
                documents.append(_draft_for(contact, each.content, moment))
        except PyMongoError:
            raise
        except Exception:  # noqa: BLE001 (the event is handled singly, which reports it)
            refused.append(each.event)
    known = {each.id for each in outbox.insert_all(Notification, documents)}
    _announce([each for each in documents if each.id not in known])
    for document in documents:
        with correlated(document.correlation_id, document.event_id):
            stored = int(document.id not in known)
            logger.info("notifications stored", stored=stored, known=1 - stored)
    return refused


def _announce(stored: Sequence[Notification]) -> None:
    """Signal what inboxes got, and count the first states of the deliveries."""
    inbox_signals.announce(Changed(each.user_id, each.id) for each in stored if each.in_inbox)
    _count(stored)


def _count(stored: Iterable[Notification]) -> None:
    """Count the first states of the deliveries; the inbox has each notification at once.

    Simulated ones are not counted.
    """
    states = Tally(
        (channel, delivery.status)
        for each in stored
        if not each.simulated
        for channel, delivery in each.deliveries.items()
    )
    for (channel, status), number in states.items():
        metrics.count(metrics.DELIVERIES, {"channel": channel, "status": status}, number)


def _draft_for(contact: Contact, content: NotificationContent, at: datetime) -> Notification:
    version = current_version(content.template_code)
    if carries_code(content.template_code, version) and not content.carries_code:
        raise CodeTemplate
    return draft(contact, content, version, at, logs=False)  # the event is drafted again singly


def _drafts(
    people: Sequence[Contact],
    content: NotificationContent,
    version: int,
    at: datetime,
    one_of_many: bool,
) -> list[Notification]:
    documents, failures = [], dict[str, TidingsError]()
    for each in people:
        try:
            documents.append(draft(each, content, version, at))
        except TidingsError as error:
            if error.retryable:
                raise
            failures[each.user_id] = error
            documents.append(draft_failed(each, content, type(error).__name__, at))
    # If it fails for every person, the template or its variables are wrong, and nothing is stored.
    if len(failures) == len(people) and not (one_of_many and len(people) == 1):
        raise next(iter(failures.values()))
    for user_id, failure in failures.items():
        logger.warning(
            "rendering failed: deliveries of this person failed",
            user_id=user_id,
            reason=repr(failure),
        )
    return documents


def _known(refused: list[Notification]) -> dict[str, CreatedNotification]:
    return {each.user_id: CreatedNotification(each.id, False) for each in _stored(refused)}


def _stored(refused: Sequence[Notification]) -> Sequence[Notification]:
    """Return the notifications that are stored in place of refused drafts."""
    if not refused:
        return ()
    keys = [each.dedupe_key for each in refused]
    found = Notification.objects(dedupe_key__in=keys).only("user_id", "dedupe_key")
    return list(found.batch_size(MAX_RECIPIENTS + 1))
