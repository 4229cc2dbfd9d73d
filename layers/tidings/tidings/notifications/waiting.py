"""Tell those who asked for it that a product is back in stock, chunk by chunk, each once."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from mongoengine import QuerySet

from tidings.notifications.chunks import move_on
from tidings.notifications.creating import (
    MAX_RECIPIENTS,
    CreatedNotification,
    create_notifications,
    created_at_of,
)
from tidings.notifications.following import Followed, next_chunk
from tidings.notifications.models import FollowedEvent
from tidings.notifications.rules import RULES
from tidings.platform.logging import logger
from tidings.products import subscriptions
from tidings.products.subscriptions import Waiting


def tell_waiting(
    followed: FollowedEvent, event: Followed, here: "QuerySet[FollowedEvent]", at: datetime
) -> None:
    """Notify the next chunk of those who wait for a product, and end their subscriptions.

    If the product is sold out again, nobody is told and the subscriptions stay: the event of the
    next pieces tells them. So it does not matter how late or in which order events come.

    Raises:
        TidingsError: rendering failed for every person of the chunk.
    """
    product_id = event.data.product_id
    at_the_end = {"set__finished_at": at}
    if not subscriptions.is_in_stock(product_id):
        here.update_one(**at_the_end)
        logger.info("waiting people not told: sold out again", product_id=product_id)
        return
    found = subscriptions.waiting_for(product_id, followed.cursor, MAX_RECIPIENTS)
    content = RULES[type(event)].content(event)
    if found.user_ids:
        created = create_notifications(found.user_ids, content, at=at, one_of_many=True)
        subscriptions.end(product_id, _ended(found, created), at)
    move_on(
        found,
        here,
        cursor="cursor",
        next_command=partial(next_chunk, followed.id),
        at_the_end=at_the_end,
    )
    logger.info("waiting people notified", product_id=product_id, people=len(found.user_ids))


def _ended(found: Waiting, created: Mapping[str, CreatedNotification]) -> dict[str, datetime]:
    """Return the latest time of a subscription that ends now, by user.

    Somebody may have a notification of this event from before: from a chunk whose process died, or
    as a follower. A subscription after that is another one and waits for other pieces. Those who
    have no account any more get no notification; their subscription ends.
    """
    known = {user_id: each.notification_id for user_id, each in created.items() if not each.is_new}
    told_at = created_at_of(known.values())
    return {
        user_id: told_at.get(known[user_id], since) if user_id in known else since
        for user_id, since in found.since.items()
    }
