"""Rule `retention`, daily at 03:30 UTC: delete what is older than the table of retention says."""

from datetime import datetime

from tidings.monitoring.enforcing import enforce_retention
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return enforce_retention(scheduled_at)
