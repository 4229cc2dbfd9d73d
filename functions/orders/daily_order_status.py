"""Rule `daily-order-status`, 09:00 UTC: each open order is due for a word to its customer.

It announces the first chunk; `announce_order_statuses` goes on.
"""

from datetime import datetime

from tidings.orders.daily_status import announce_status_due
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"orders_announced": announce_status_due(scheduled_at)}
