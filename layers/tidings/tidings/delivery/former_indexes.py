"""Indexes that earlier releases created, and the notifications that only those find."""

from datetime import datetime, timedelta
from typing import Final

from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.states import LEASE
from tidings.platform.storage import former_indexes

# Claims of earlier releases do not set `next_due_at`; these indexes find them.
CLAIMS: Final = {f"claims_{channel.value}": channel for channel in Channel}
UNUSED: Final = frozenset({"user_id_1_read_at_1", *CLAIMS})


def follow(at: datetime, *, age: timedelta | None = None) -> None:
    """Let the release job find lost claims of an earlier release; then drop its indexes.

    Args:
        age: the time since this release began to run here.
    """
    collection = Notification._get_collection()
    for name in former_indexes.left_in(collection, CLAIMS.keys()):
        _note_lost_claims(CLAIMS[name], at)
    former_indexes.drop(collection, UNUSED, age=age)


def _note_lost_claims(channel: Channel, at: datetime) -> None:
    place = f"deliveries.{channel.value}"
    Notification._get_collection().update_many(
        {
            f"{place}.status": DeliveryStatus.SENDING.value,
            f"{place}.claimed_at": {"$lte": at - LEASE},
        },
        {"$min": {"next_due_at": at}},
    )
