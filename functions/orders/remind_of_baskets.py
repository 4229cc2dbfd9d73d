"""Rule `left-baskets`, every hour: store an event for each basket that was left, once."""

from datetime import datetime

from tidings.orders.basket_reminders import remind_of_baskets
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"baskets_announced": remind_of_baskets(scheduled_at)}
