"""Begin to notify the followers of a product of an event (telling.py goes on)."""

from datetime import datetime
from typing import Final

from mongoengine import NotUniqueError

from tidings.notifications.events import TellFollowers, TellFollowersData
from tidings.notifications.models import FollowedEvent
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.retention import stored as retention
from tidings.platform.timing.clock import now
from tidings.products.events import ProductBackInStock, ProductPriceDropped

Followed = ProductBackInStock | ProductPriceDropped

# The audience of those who asked to be told.
WAITING: Final = "waiting"
KEPT_FOR: Final = retention.FOLLOWED_EVENTS.period


def begin(event: Followed, *, at: datetime | None = None) -> None:
    """Start to notify a product's followers of an event; a repeated call changes nothing.

    Those who asked to be told that it is back in stock come first.
    """
    if isinstance(event, ProductBackInStock):
        _begin(event, f"{event.id}.{WAITING}", WAITING, at)
    _begin(event, event.id, None, at)


def _begin(event: Followed, id_: str, audience: str | None, at: datetime | None) -> None:
    followed = FollowedEvent(
        id=id_,
        type=event.type,
        audience=audience,
        body=event.model_dump_json(exclude_none=True),
        expires_at=(at or now()) + KEPT_FOR,
    )
    try:
        outbox.insert(followed, next_chunk(id_, None))
    except NotUniqueError:
        logger.info("followers skipped: event was started before", followed_event_id=id_)


def next_chunk(event_id: str, after: str | None) -> TellFollowers:
    """Return the command for the chunk of people after this one; None is the first chunk."""
    return TellFollowers(
        id=f"followers.tell:{event_id}:{after or ''}",
        subject=event_id,
        data=TellFollowersData(event_id=event_id, after_user_id=after),
    )
