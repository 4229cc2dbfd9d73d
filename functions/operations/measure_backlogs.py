"""Rule `backlogs`, every minute: tells CloudWatch what waits in outboxes and queues."""

from datetime import datetime

from tidings.operations.backlogs import measure_backlogs
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(_scheduled_at: datetime) -> Summary:
    return measure_backlogs()
