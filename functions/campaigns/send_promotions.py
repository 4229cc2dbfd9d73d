"""Rule `promotional-notifications`, Fridays 12:00 UTC: the campaigns that are due begin."""

from datetime import datetime

from tidings.campaigns.running import run_due_campaigns
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return run_due_campaigns(scheduled_at)
