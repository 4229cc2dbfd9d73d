"""Find the audience of a campaign, chunk by chunk, in order of the people's ids."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from tidings.campaigns.models import CampaignAudience
from tidings.delivery.response_kinds import MailResponseKind
from tidings.delivery.responses import responders_after
from tidings.orders.queries import ordered_since, products_bought
from tidings.products.queries import in_category
from tidings.users.audience import customers_after, customers_among

PEOPLE_PER_COUNT: Final = 2_000


class Chunk(NamedTuple):
    """The audience among the next people; it may be empty.

    `last_id` is the last person looked at, None if this is the last chunk.
    """

    user_ids: list[str]
    last_id: str | None


class Size(NamedTuple):
    """The size of an audience; a lower bound if `complete` is False."""

    people: int
    complete: bool


def chunk_after(audience: CampaignAudience, after: str | None, at: datetime, limit: int) -> Chunk:
    """Return the audience among the next `limit` people, as of the time `at`."""
    since = at - timedelta(days=audience.inactive_days) if audience.inactive_days else None
    if audience.mail_response is not None:
        return _responders(audience, after, at, since, limit)
    found = customers_after(after, limit=limit, language=audience.language, registered_before=since)
    return Chunk(_of_segment(audience, found.user_ids, since), found.last_id)


def size_of(audience: CampaignAudience, at: datetime, *, seconds: float) -> Size:
    """Count an audience, chunk by chunk; begin no other chunk after this many seconds."""
    deadline, people = time.monotonic() + seconds, 0
    for chunk in _chunks(audience, at):
        people += len(chunk.user_ids)
        if chunk.last_id is not None and time.monotonic() > deadline:
            return Size(people, complete=False)
    return Size(people, complete=True)


def _responders(
    audience: CampaignAudience,
    after: str | None,
    at: datetime,
    since: datetime | None,
    limit: int,
) -> Chunk:
    """Return the audience among the next people whose mails of a campaign are tracked.

    These are fewer than all customers, and their mails have an index.
    """
    wanted = audience.mail_response
    found = responders_after(
        wanted.campaign_id,
        MailResponseKind(wanted.response),
        after,
        mailed_since=at - timedelta(days=wanted.within_days),
        limit=limit,
    )
    people = customers_among(
        found.user_ids, language=audience.language, registered_before=since, tracked=True
    )
    return Chunk(_of_segment(audience, people, since), found.last_id)


def _chunks(audience: CampaignAudience, at: datetime) -> Iterator[Chunk]:
    chunk = Chunk([], "")
    while chunk.last_id is not None:
        chunk = chunk_after(audience, chunk.last_id, at, PEOPLE_PER_COUNT)
        yield chunk


def _of_segment(audience: CampaignAudience, people: list[str], since: datetime | None) -> list[str]:
    """Return those people whose orders match, with one or two round trips for each condition."""
    if since is not None and people:
        active = ordered_since(people, since)
        people = [each for each in people if each not in active]
    if audience.bought_category and people:
        bought = products_bought(people)
        every_product = {product for products in bought.values() for product in products}
        wanted = in_category(every_product, audience.bought_category)
        people = [each for each in people if wanted & bought.get(each, set())]
    return people
