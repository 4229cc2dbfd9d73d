"""What a crowd is told of: a product's followers, chunk by chunk, each once.

Each chunk is one message: it tells its people and then, in one write, moves the cursor and
stores the command for the next. However often a message comes, and wherever a process dies,
nobody is told twice (telling is idempotent by event and person) and nobody is left out.
"""

from datetime import datetime, timedelta
from typing import Final

from mongoengine import NotUniqueError

from tidings.notifications.events import TellFollowers, TellFollowersData
from tidings.notifications.models import Crowd
from tidings.notifications.rules import RULES
from tidings.notifications.telling import MAX_TOLD, tell
from tidings.platform import outbox
from tidings.platform.clock import now
from tidings.platform.events import EVENT_CLASSES
from tidings.platform.logging import logger
from tidings.products.events import ProductBackInStock, ProductPriceDropped
from tidings.recommendations.queries import followers_of

Followed = ProductBackInStock | ProductPriceDropped

# Longer than any message of it waits in a queue.
KEPT_FOR: Final = timedelta(days=14)


def begin(event: Followed, *, at: datetime | None = None) -> None:
    """Have a product's followers told of an event; again changes nothing."""
    crowd = Crowd(
        id=event.id,
        type=event.type,
        body=event.model_dump_json(exclude_none=True),
        expires_at=(at or now()) + KEPT_FOR,
    )
    try:
        outbox.insert(crowd, _command(event.id, None))
    except NotUniqueError:
        logger.info("followers are being told already", event_id=event.id)


def tell_followers(command: TellFollowers, *, at: datetime | None = None) -> None:
    """Tell the next chunk of people, unless that is done.

    Raises:
        TidingsError: it cannot be worded for anybody.
    """
    event_id, after = command.data.event_id, command.data.after_user_id
    here = Crowd.objects(pk=event_id, cursor=after, finished_at=None)
    crowd = here.first()
    if crowd is None:
        logger.info("nobody waits for this chunk", event_id=event_id)
        return
    event = EVENT_CLASSES[crowd.type].model_validate_json(crowd.body)
    assert isinstance(event, Followed)
    # As of the event: who looks at it from now on sees it anyway.
    found = followers_of(event.data.product_id, after, MAX_TOLD, at=event.time)
    if found.user_ids:
        tell(found.user_ids, RULES[type(event)].telling(event), at=at, one_of_many=True)
    if found.last_id is None:
        here.update_one(set__finished_at=at or now())
    else:
        outbox.change(here, _command(event_id, found.last_id), set__cursor=found.last_id)
    logger.info("followers told", event_id=event_id, people=len(found.user_ids))


def _command(event_id: str, after: str | None) -> TellFollowers:
    return TellFollowers(
        id=f"followers.tell:{event_id}:{after or ''}",
        subject=event_id,
        data=TellFollowersData(event_id=event_id, after_user_id=after),
    )
