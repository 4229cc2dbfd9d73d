"""Rule `daily-order-status`, 09:00 UTC: store daily status events of open orders.

It handles the first chunk; `announce_order_statuses` continues.
"""

from datetime import datetime

from tidings.orders.daily_status import announce_status_due
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"orders_announced": announce_status_due(scheduled_at)}
