"""Rule `digests`, every hour: send digests, at 08:00 in each person's time zone."""

from datetime import datetime

from tidings.notifications.digests import send_digests
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"digests_sent": send_digests(scheduled_at)}
