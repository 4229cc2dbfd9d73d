"""Rule `timed-campaigns`, every five minutes: campaigns for a time, and what Friday missed."""

from datetime import datetime

from tidings.campaigns.running import run_due_campaigns
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return run_due_campaigns(scheduled_at)
