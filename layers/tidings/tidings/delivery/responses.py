"""Query the responses to campaigns' mails: numbers, and the people who responded in a way."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

import pymongo

from tidings.delivery.models import MailResponse
from tidings.delivery.response_kinds import MailResponseKind

# More time than other operations have, but less than an endpoint has.
COUNTING_SECONDS: Final = 12.0
_DECIDING: Final = ("mailed_at", "opened_at", "clicked_at")


class Responses(NamedTuple):
    """How many mails of a campaign are tracked, and what their readers did with them."""

    tracked: int = 0
    opened: int = 0
    clicked: int = 0


def responses_to(campaign_ids: Iterable[str]) -> dict[str, Responses]:
    """Return the responses to each campaign's mails, in one round trip."""
    ids = list(campaign_ids)
    found = _responses({"campaign_id": {"$in": ids}}, "$campaign_id")
    return {each: found.get(each, Responses()) for each in ids}


def responses_by_variant(campaign_id: str) -> dict[str, Responses]:
    """Return the responses to the mails of a campaign's test, by the key of their variant."""
    return _responses({"campaign_id": campaign_id, "variant": {"$ne": None}}, "$variant")


def _responses(condition: dict[str, Any], key: str) -> dict[str, Responses]:
    pipeline: list[dict[str, Any]] = [
        {"$match": condition},
        {
            "$group": {
                "_id": key,
                "tracked": {"$sum": 1},
                "opened": {"$sum": {"$cond": [{"$gt": ["$opened_at", None]}, 1, 0]}},
                "clicked": {"$sum": {"$cond": [{"$gt": ["$clicked_at", None]}, 1, 0]}},
            }
        },
    ]
    with pymongo.timeout(COUNTING_SECONDS):
        counted = list(MailResponse._get_collection().aggregate(pipeline))
    return {row.pop("_id"): Responses(**row) for row in counted}


class Responders(NamedTuple):
    """People who responded to a campaign's mails; `last_id` is None if no more follow."""

    user_ids: list[str]
    last_id: str | None


def responders_after(
    campaign_id: str,
    kind: MailResponseKind,
    after: str | None,
    *,
    mailed_since: datetime,
    limit: int,
) -> Responders:
    """Return the people, by id, who responded in this way to the campaign's mails since a time.

    Args:
        limit: the maximum number of mails to look at; a weekly campaign has several for a person.
    """
    found = MailResponse.objects(campaign_id=campaign_id)
    if after is not None:
        found = found.filter(user_id__gt=after)
    mails = list(
        found.order_by("user_id").limit(limit).only("user_id", *_DECIDING).batch_size(limit + 1)
    )
    by_person = {user_id: list(each) for user_id, each in groupby(mails, key=attrgetter("user_id"))}
    if len(mails) == limit and len(by_person) > 1:
        del by_person[mails[-1].user_id]  # further mails of this person may follow
    people = [
        user_id
        for user_id, sent in by_person.items()
        if _responded(kind, [each for each in sent if each.mailed_at >= mailed_since])
    ]
    return Responders(people, next(reversed(by_person)) if len(mails) == limit else None)


def _responded(kind: MailResponseKind, mails: Sequence[MailResponse]) -> bool:
    match kind:
        case MailResponseKind.OPENED:
            return any(each.opened_at for each in mails)
        case MailResponseKind.CLICKED:
            return any(each.clicked_at for each in mails)
        case MailResponseKind.NOT_OPENED:
            return bool(mails) and not any(each.opened_at for each in mails)
