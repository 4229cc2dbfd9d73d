"""Consumer of `order_statuses.queue`: stores the daily status events of the next chunk."""

from tidings.orders.daily_status import announce_status_due
from tidings.orders.events import AnnounceOrderStatuses
from tidings.platform.entry.consumer import consumer


@consumer(AnnounceOrderStatuses)
def handler(command: AnnounceOrderStatuses) -> None:
    announce_status_due(command.data.scheduled_at)
