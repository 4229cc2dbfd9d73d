"""Rule `digests`, every hour: who wants mails together gets them at eight by their own clock."""

from datetime import datetime

from tidings.notifications.digests import send_digests
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"digests_sent": send_digests(scheduled_at)}
