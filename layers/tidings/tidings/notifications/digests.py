"""Digests: collect a person's mails and send them as one notification."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tidings.delivery import changes, states, status
from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.planning import DIGEST, decide
from tidings.delivery.reports import report_of
from tidings.notifications.creating import create_notifications
from tidings.notifications.drafting import NotificationContent
from tidings.platform.context import correlation_id
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging.outbox import OutboxEntry, Stored, stored_entry
from tidings.platform.text.cuts import cut
from tidings.platform.timing.clock import new_id
from tidings.users.contacts import get_contacts

SENDING_SECONDS: Final = 240.0
ROUND: Final = 200
# A digest lists this many notifications at most, each in this many characters; the inbox has all.
MAX_ITEMS: Final = 50
MAX_TITLE, MAX_BODY = 200, 300
EMAIL: Final = Channel.EMAIL.value


def send_digests(at: datetime, *, seconds: float = SENDING_SECONDS) -> int:
    """Send the digests that are due, for at most `seconds`.

    Each notification goes into one digest: it gets the digest's key first, and the digest's id
    last. If the process dies between the two writes, the next call completes the digest.

    Returns:
        The number of digests sent.
    """
    deadline, sent, failed = time.monotonic() + seconds, 0, set[str]()
    while time.monotonic() < deadline and (people := _people(at, failed)):
        for user_id in people:
            try:
                sent += _send(user_id, at)
            except TidingsError:
                logger.exception("digest failed: retried by the next run", user_id=user_id)
                failed.add(user_id)
            if time.monotonic() > deadline:
                break
        relay.publish_stored()
    return sent


def _people(at: datetime, without: set[str]) -> list[str]:
    """Return some of the people with due notifications, longest waiting first."""
    found = Notification.objects(digest_due_at__lte=at, user_id__nin=list(without))
    return list(dict.fromkeys(found.order_by("digest_due_at").limit(ROUND).scalar("user_id")))


def _send(user_id: str, at: datetime) -> int:
    due = Notification.objects(user_id=user_id, digest_due_at__lte=at)
    latest = due.order_by("-digest_due_at").only("digest_due_at").first()
    if latest is None:
        return 0
    due.filter(digest_key=None).update(set__digest_key=_key(user_id, latest.digest_due_at))
    gathered: dict[str, list[Notification]] = {}
    for each in due.exclude("variables", "outbox").order_by("pk"):
        gathered.setdefault(each.digest_key, []).append(each)
    return sum(_send_one(user_id, key, items, at) for key, items in gathered.items() if key)


def _key(user_id: str, due_at: datetime) -> str:
    """Return the key of a person's digest for a period.

    Jobs that run at the same time compute the same key, so they make one digest. If that digest was
    already sent, the key is new and the notifications go into another digest.
    """
    key = f"{user_id}.{due_at:%Y%m%dT%H%M%S}"
    is_told = Notification.objects(dedupe_key=f"{_dedupe(key)}:{user_id}").only("id").first()
    return new_id() if is_told else key


def _dedupe(key: str) -> str:
    return f"digest:{key}"


def _send_one(user_id: str, key: str, items: Sequence[Notification], at: datetime) -> int:
    contact = get_contacts([user_id]).get(user_id)
    refused: dict[str | None, list[Notification]] = {}
    wanted = []
    for each in items:
        decision = decide(Channel.EMAIL, each, contact, at, digest=False)
        if decision.status == DeliveryStatus.SUPPRESSED:
            refused.setdefault(decision.reason, []).append(each)
        else:
            wanted.append(each)
    for reason, left_out in refused.items():
        _settle(left_out, reason, at)
    if not wanted:
        return 0
    created = create_notifications([user_id], _content(key, wanted), at=at)[user_id]
    _settle(wanted, f"in digest {created.notification_id}", at)
    return 1


def _content(key: str, items: Sequence[Notification]) -> NotificationContent:
    listed = [
        {"title": cut(each.title, MAX_TITLE), "body": cut(each.body, MAX_BODY)} for each in items
    ]
    # The digest's link unsubscribes from the category that is most frequent in it.
    category = Counter(each.category for each in items).most_common(1)[0][0]
    return NotificationContent(
        kind="digest",
        category=category,
        template_code="digest",
        variables={"items": listed[:MAX_ITEMS]},
        subject_id=key,
        dedupe=_dedupe(key),
        event_id=key,
        # The correlation id of this run; each listed notification has one of its own.
        correlation_id=correlation_id(),
        channels=frozenset({EMAIL}),
        # Otherwise the digest would wait for the next digest.
        transactional=True,
    )


def _settle(items: Sequence[Notification], reason: str | None, at: datetime) -> None:
    ids = [each.id for each in items]
    unchanged = {"status": DeliveryStatus.SCHEDULED.value, "reason": DIGEST}
    waiting = {f"deliveries.{EMAIL}.{name}": value for name, value in unchanged.items()}
    update = changes.update_of(EMAIL, states.SUPPRESS, reason, at=at)
    stored = Notification._get_collection()
    for each in items:
        if report := report_of(each, EMAIL, states.SUPPRESSED, reason, at):
            pushed = update["$push"] | {"outbox": stored_entry(report)}
            change = update | {"$push": pushed}
            if stored.update_one({"_id": each.id, **waiting}, change).modified_count:
                outbox.note(Stored(Notification, each.id, [OutboxEntry.of(report)]))
    stored.update_many({"_id": {"$in": ids}, **waiting}, update)
    # Notifications that were cancelled meanwhile are no longer due either.
    Notification.objects(pk__in=list(ids)).update(unset__digest_due_at=True)
    status.forget(ids)
