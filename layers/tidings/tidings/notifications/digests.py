"""Digests: what gathered for a person who wants mails together, as one notification."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from tidings.notifications.models import Channel, DeliveryStatus, Notification
from tidings.notifications.planning import DIGEST, decide
from tidings.notifications.status import forget_fast, step
from tidings.notifications.telling import Telling, tell
from tidings.platform import relay
from tidings.platform.clock import new_id
from tidings.platform.context import correlation_id
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.users.contact_points import get_contacts

SENDING_SECONDS: Final = 240.0
ROUND: Final = 200
# A digest says this many things at most, each in so many characters; the inbox has all.
MAX_ITEMS: Final = 50
MAX_TITLE, MAX_BODY = 200, 300
EMAIL: Final = Channel.EMAIL.value


def send_digests(at: datetime, *, seconds: float = SENDING_SECONDS) -> int:
    """Send their digest to those for whom it is due, for at most so many seconds.

    Each message goes into one digest: it is marked with the digest's key first, and settled
    with the digest's id last. Who is killed between the two is made up for by the next call.

    Returns:
        How many digests there were.
    """
    deadline, sent, failed = time.monotonic() + seconds, 0, set[str]()
    while time.monotonic() < deadline and (people := _people(at, failed)):
        for user_id in people:
            try:
                sent += _send(user_id, at)
            except TidingsError:
                logger.exception("digest failed", user_id=user_id)
                failed.add(user_id)
            if time.monotonic() > deadline:
                break
        relay.publish_stored()
    return sent


def _people(at: datetime, without: set[str]) -> list[str]:
    """Return some of the people for whom something has gathered, longest waiting first."""
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
    """Return the key of a person's digest of a period: jobs at the same moment find the same,
    and whoever marks, it is one digest. What comes when that was told goes into another."""
    key = f"{user_id}.{due_at:%Y%m%dT%H%M%S}"
    is_told = Notification.objects(dedupe_key=f"{_dedupe(key)}:{user_id}").only("id").first()
    return new_id() if is_told else key


def _dedupe(key: str) -> str:
    return f"digest:{key}"


def _send_one(user_id: str, key: str, items: Sequence[Notification], at: datetime) -> int:
    contact = get_contacts([user_id]).get(user_id)
    refused: dict[str | None, list[str]] = {}
    wanted = []
    for each in items:
        decision = decide(Channel.EMAIL, each, contact, at, digest=False)
        if decision.status == DeliveryStatus.SUPPRESSED:
            refused.setdefault(decision.reason, []).append(each.id)
        else:
            wanted.append(each)
    for reason, ids in refused.items():
        _settle(ids, reason, at)
    if not wanted:
        return 0
    told = tell([user_id], _telling(key, wanted), at=at)[user_id]
    _settle([each.id for each in wanted], f"in digest {told.notification_id}", at)
    return 1


def _telling(key: str, items: Sequence[Notification]) -> Telling:
    listed = [{"title": each.title[:MAX_TITLE], "body": each.body[:MAX_BODY]} for each in items]
    # Its link unsubscribes from what it has most of.
    category = Counter(each.category for each in items).most_common(1)[0][0]
    return Telling(
        kind="digest",
        category=category,
        template_code="digest",
        variables={"items": listed[:MAX_ITEMS]},
        subject_id=key,
        dedupe=_dedupe(key),
        event_id=key,
        # Of the run that makes it; what it says came from elsewhere, each with an id of its own.
        correlation_id=correlation_id(),
        channels=frozenset({EMAIL}),
        # It does not wait for the next digest.
        transactional=True,
    )


def _settle(ids: Sequence[str], reason: str | None, at: datetime) -> None:
    update: dict[str, Any] = step(EMAIL, DeliveryStatus.SUPPRESSED, at=at, reason=reason)
    Notification._get_collection().update_many(
        {
            "_id": {"$in": list(ids)},
            f"deliveries.{EMAIL}.status": DeliveryStatus.SCHEDULED.value,
            f"deliveries.{EMAIL}.reason": DIGEST,
        },
        update,
    )
    # Also what was cancelled meanwhile is not due any more.
    Notification.objects(pk__in=list(ids)).update(unset__digest_due_at=True)
    forget_fast(ids)
