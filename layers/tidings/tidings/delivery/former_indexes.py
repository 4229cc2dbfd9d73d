"""Indexes that earlier releases created, and the notifications that only those find.

mongoengine creates the declared indexes and drops none. An index that is left makes each write
slower. An earlier release creates it again if it returns.
"""

import time
from datetime import datetime, timedelta
from typing import Final

from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.states import LEASE
from tidings.platform.logging import logger

# Claims of earlier releases do not set `next_due_at`; these indexes find them.
CLAIMS: Final = {f"claims_{channel.value}": channel for channel in Channel}
UNUSED: Final = frozenset({"user_id_1_read_at_1", *CLAIMS})
# After this time no environment of the earlier release is left that could claim a delivery.
DEPLOYED_AFTER: Final = timedelta(minutes=20)

_imported_at: Final = time.monotonic()


def follow(at: datetime, *, age: timedelta | None = None) -> None:
    """Let the release job find lost claims of an earlier release; then drop its indexes.

    Args:
        age: the time since this release began to run here.
    """
    collection = Notification._get_collection()
    left = UNUSED & collection.index_information().keys()
    for name in left & CLAIMS.keys():
        _note_lost_claims(CLAIMS[name], at)
    if age is None:
        age = timedelta(seconds=time.monotonic() - _imported_at)
    if age < DEPLOYED_AFTER:
        return
    for name in sorted(left):
        collection.drop_index(name)
        logger.info("index of an earlier release dropped", index=name)


def _note_lost_claims(channel: Channel, at: datetime) -> None:
    place = f"deliveries.{channel.value}"
    Notification._get_collection().update_many(
        {
            f"{place}.status": DeliveryStatus.SENDING.value,
            f"{place}.claimed_at": {"$lte": at - LEASE},
        },
        {"$min": {"next_due_at": at}},
    )
