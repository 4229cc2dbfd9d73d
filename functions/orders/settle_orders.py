"""Rule `saga-settling`, every 10 minutes: no order waits for its stock for ever."""

from datetime import datetime

from tidings.orders.settling import settle_orders
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return settle_orders(scheduled_at)
