"""Rule `store-browsing`, every minute: store buffered views from Redis in the database."""

from datetime import datetime

from tidings.platform.entry.job import Summary, scheduled_job
from tidings.recommendations.activity import store_all_buffered_views


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"people_stored": store_all_buffered_views(scheduled_at)}
