"""Rules `promotional-notifications` and `timed-campaigns`: start due campaigns and choose winners.

The first rule runs on Fridays at 12:00 UTC. The second one runs every five minutes and also starts
campaigns that were missed on Friday. Each rule has a function of its own in template.yaml.
"""

from datetime import datetime

from tidings.campaigns.deciding import choose_due_winners
from tidings.campaigns.running import run_due_campaigns
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return run_due_campaigns(scheduled_at) | choose_due_winners(scheduled_at)
