"""Rule `saga-settling`, every 10 minutes: settle orders that wait too long for their stock."""

from datetime import datetime

from tidings.orders.settling import settle_orders
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return settle_orders(scheduled_at)
