"""Notify the followers of a product of an event, chunk by chunk, each person once (chunks.py)."""

from datetime import datetime
from functools import partial

from tidings.notifications.chunks import notify_chunk
from tidings.notifications.creating import MAX_RECIPIENTS
from tidings.notifications.events import TellFollowers
from tidings.notifications.following import WAITING, Followed, next_chunk
from tidings.notifications.models import FollowedEvent
from tidings.notifications.rules import RULES
from tidings.notifications.waiting import tell_waiting
from tidings.platform.logging import logger
from tidings.platform.messaging.events import EVENT_CLASSES
from tidings.platform.timing.clock import now
from tidings.recommendations.followers import followers_of


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
    if followed.audience == WAITING:
        tell_waiting(followed, event, here, at or now())
        return
    # The followers at the time of the event: anyone who views the product later sees the change.
    found = followers_of(event.data.product_id, after, MAX_RECIPIENTS, at=event.time)
    notify_chunk(
        found,
        RULES[type(event)].content(event),
        here,
        cursor="cursor",
        next_command=partial(next_chunk, event_id),
        at_the_end={"set__finished_at": at or now()},
        at=at,
    )
    logger.info("followers notified", followed_event_id=event_id, people=len(found.user_ids))
