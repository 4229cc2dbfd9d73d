"""What became of what many were told: counted from the notifications themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import pymongo

from tidings.notifications.models import Channel, DeliveryStatus, Notification
from tidings.notifications.planning import INBOX

EMAIL: Final = Channel.EMAIL.value
CHANNELS: Final = (INBOX, *(channel.value for channel in Channel))
ARRIVED: Final = frozenset({DeliveryStatus.DELIVERED})
SENT: Final = ARRIVED | {DeliveryStatus.SENT, DeliveryStatus.UNKNOWN}
FAILED: Final = frozenset({DeliveryStatus.FAILED})
WAITING: Final = frozenset(
    {DeliveryStatus.SCHEDULED, DeliveryStatus.QUEUED, DeliveryStatus.SENDING}
)
IDS_PER_ROUND: Final = 2_000
# More than other operations get, less than an endpoint has.
COUNTING_SECONDS: Final = 12.0


class Outcomes(NamedTuple):
    """How many messages, or people, came how far; `delivered` are among the sent."""

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    suppressed: int = 0
    waiting: int = 0


class Reach(NamedTuple):
    """What became of a campaign: of people, whatever the channel, and by channel."""

    people: Outcomes
    read: int
    channels: Mapping[str, Outcomes]


def reach_of_campaigns(campaign_ids: Iterable[str]) -> dict[str, Reach]:
    """Return what became of each campaign's notifications, in one round trip."""
    ids = list(campaign_ids)
    group = {name: f"$deliveries.{name}.status" for name in CHANNELS}
    read = {"$cond": [{"$gt": ["$read_at", None]}, 1, 0]}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"campaign_id": {"$in": ids}}},
        {
            "$group": {
                "_id": {"campaign": "$campaign_id", **group},
                "people": {"$sum": 1},
                "read": {"$sum": read},
            }
        },
    ]
    with pymongo.timeout(COUNTING_SECONDS):
        counted = list(Notification._get_collection().aggregate(pipeline))
    rows: dict[str, list[dict[str, Any]]] = {campaign_id: [] for campaign_id in ids}
    for row in counted:
        rows[row["_id"]["campaign"]].append(row)
    return {campaign_id: _reach(found) for campaign_id, found in rows.items()}


def mailed_in_campaign(campaign_id: str) -> Iterator[list[str]]:
    """Yield the ids of a campaign's notifications that went out by mail, some at a time."""
    mailed = {"deliveries.email.status": {"$in": [status.value for status in SENT]}}
    found = Notification.objects(campaign_id=campaign_id, __raw__=mailed).order_by("pk")
    following, ids = found, [""]
    while ids:
        with pymongo.timeout(COUNTING_SECONDS):
            ids = list(following.limit(IDS_PER_ROUND).scalar("pk"))
        if ids:
            yield ids
            following = found.filter(pk__gt=ids[-1])


def _reach(rows: list[dict[str, Any]]) -> Reach:
    people: Counter[str] = Counter()
    channels: dict[str, Counter[str]] = {}
    for row in rows:
        statuses = {name: row["_id"][name] for name in CHANNELS if row["_id"].get(name)}
        for name, status in statuses.items():
            _count(channels.setdefault(name, Counter()), {status}, row["people"])
        _count(people, set(statuses.values()), row["people"])
    by_channel = {name: Outcomes(**channels[name]) for name in CHANNELS if name in channels}
    return Reach(Outcomes(**people), sum(row["read"] for row in rows), by_channel)


def _count(outcomes: Counter[str], statuses: set[str], people: int) -> None:
    """Count people once each, by the best that any of their messages has come to."""
    if statuses & SENT:
        outcomes["sent"] += people
        outcomes["delivered"] += people if statuses & ARRIVED else 0
    elif statuses & WAITING:
        outcomes["waiting"] += people
    elif statuses & FAILED:
        outcomes["failed"] += people
    else:
        outcomes["suppressed"] += people
