"""Consumer of `order_statuses.queue`: the next chunk of the daily word on open orders."""

from tidings.orders.daily_status import announce_status_due
from tidings.orders.events import AnnounceOrderStatuses
from tidings.platform.consumer import consumer


@consumer(AnnounceOrderStatuses)
def handler(command: AnnounceOrderStatuses) -> None:
    announce_status_due(command.data.scheduled_at)
