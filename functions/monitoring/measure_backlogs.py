"""Rule `backlogs`, every minute: send to CloudWatch what its alarms need."""

from datetime import datetime

from tidings.monitoring.measuring import measure_backlogs
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(_scheduled_at: datetime) -> Summary:
    return measure_backlogs()
