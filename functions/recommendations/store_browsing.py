"""Rule `store-browsing`, every minute: what people looked at goes from Redis to the database."""

from datetime import datetime

from tidings.platform.job import Summary, scheduled_job
from tidings.recommendations.activity import store_all_gathered_views


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"people_stored": store_all_gathered_views(scheduled_at)}
