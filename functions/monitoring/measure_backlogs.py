"""Rule `backlogs`, every minute: send the backlogs of outboxes and queues to CloudWatch."""

from datetime import datetime

from tidings.monitoring.backlogs import measure_backlogs
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(_scheduled_at: datetime) -> Summary:
    return measure_backlogs()
