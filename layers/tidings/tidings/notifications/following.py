"""Notify the followers of a product of an event, chunk by chunk, each person once (chunks.py)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from mongoengine import NotUniqueError

from tidings.notifications.chunks import notify_chunk
from tidings.notifications.creating import MAX_RECIPIENTS
from tidings.notifications.events import TellFollowers, TellFollowersData
from tidings.notifications.models import FollowedEvent
from tidings.notifications.rules import RULES
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import EVENT_CLASSES
from tidings.platform.timing.clock import now
from tidings.products.events import ProductBackInStock, ProductPriceDropped
from tidings.recommendations.queries import followers_of

Followed = ProductBackInStock | ProductPriceDropped

# Longer than any of its messages can wait in a queue.
KEPT_FOR: Final = timedelta(days=14)


def begin(event: Followed, *, at: datetime | None = None) -> None:
    """Start to notify a product's followers of an event; a repeated call changes nothing."""
    followed = FollowedEvent(
        id=event.id,
        type=event.type,
        body=event.model_dump_json(exclude_none=True),
        expires_at=(at or now()) + KEPT_FOR,
    )
    try:
        outbox.insert(followed, _command(event.id, None))
    except NotUniqueError:
        logger.info("followers skipped: event was started before", followed_event_id=event.id)


def tell_followers(command: TellFollowers, *, at: datetime | None = None) -> None:
    """Notify the next chunk of people, unless that chunk is done.

    Raises:
        TidingsError: rendering failed for every person of the chunk.
    """
    event_id, after = command.data.event_id, command.data.after_user_id
    here = FollowedEvent.objects(pk=event_id, cursor=after, finished_at=None)
    followed = here.first()
    if followed is None:
        logger.info("followers skipped: chunk is done", followed_event_id=event_id)
        return
    event = EVENT_CLASSES[followed.type].model_validate_json(followed.body)
    assert isinstance(event, Followed)
    # The followers at the time of the event: anyone who views the product later sees the change.
    found = followers_of(event.data.product_id, after, MAX_RECIPIENTS, at=event.time)
    notify_chunk(
        found,
        RULES[type(event)].content(event),
        here,
        cursor="cursor",
        next_command=partial(_command, event_id),
        at_the_end={"set__finished_at": at or now()},
        at=at,
    )
    logger.info("followers notified", followed_event_id=event_id, people=len(found.user_ids))


def _command(event_id: str, after: str | None) -> TellFollowers:
    return TellFollowers(
        id=f"followers.tell:{event_id}:{after or ''}",
        subject=event_id,
        data=TellFollowersData(event_id=event_id, after_user_id=after),
    )
