"""Count the results of notifications that went to many people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import pymongo

from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.planning import INBOX

EMAIL: Final = Channel.EMAIL.value
CHANNELS: Final = (INBOX, *(channel.value for channel in Channel))
ARRIVED: Final = frozenset({DeliveryStatus.DELIVERED})
SENT: Final = ARRIVED | {DeliveryStatus.SENT, DeliveryStatus.UNKNOWN}
FAILED: Final = frozenset({DeliveryStatus.FAILED})
WAITING: Final = frozenset(
    {DeliveryStatus.SCHEDULED, DeliveryStatus.QUEUED, DeliveryStatus.SENDING}
)
IDS_PER_ROUND: Final = 2_000
# More time than other operations have, but less than an endpoint has.
COUNTING_SECONDS: Final = 12.0


class Outcomes(NamedTuple):
    """The number of messages or people by result; `delivered` is part of `sent`."""

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    suppressed: int = 0
    waiting: int = 0


class CampaignResults(NamedTuple):
    """The results of a campaign: by person, across channels, and by channel."""

    people: Outcomes
    read: int
    channels: Mapping[str, Outcomes]


def results_of_campaigns(campaign_ids: Iterable[str]) -> dict[str, CampaignResults]:
    """Return the results of each campaign's notifications, in one round trip."""
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
    return {campaign_id: _results(found) for campaign_id, found in rows.items()}


def mailed_in_campaign(campaign_id: str) -> Iterator[list[str]]:
    """Yield the ids of a campaign's notifications that were sent by mail, in batches."""
    mailed = {"deliveries.email.status": {"$in": [status.value for status in SENT]}}
    found = Notification.objects(campaign_id=campaign_id, __raw__=mailed).order_by("pk")
    following, ids = found, [""]
    while ids:
        with pymongo.timeout(COUNTING_SECONDS):
            ids = list(following.limit(IDS_PER_ROUND).scalar("pk"))
        if ids:
            yield ids
            following = found.filter(pk__gt=ids[-1])


def _results(rows: list[dict[str, Any]]) -> CampaignResults:
    people: Counter[str] = Counter()
    channels: dict[str, Counter[str]] = {}
    for row in rows:
        statuses = {name: row["_id"][name] for name in CHANNELS if row["_id"].get(name)}
        for name, status in statuses.items():
            _count(channels.setdefault(name, Counter()), {status}, row["people"])
        _count(people, set(statuses.values()), row["people"])
    by_channel = {name: Outcomes(**channels[name]) for name in CHANNELS if name in channels}
    return CampaignResults(Outcomes(**people), sum(row["read"] for row in rows), by_channel)


def _count(outcomes: Counter[str], statuses: set[str], people: int) -> None:
    """Count each person once, by the best result of their messages."""
    if statuses & SENT:
        outcomes["sent"] += people
        outcomes["delivered"] += people if statuses & ARRIVED else 0
    elif statuses & WAITING:
        outcomes["waiting"] += people
    elif statuses & FAILED:
        outcomes["failed"] += people
    else:
        outcomes["suppressed"] += people
