"""Rule `redrive`, every minute: publish redriven messages that are due, at their rate."""

from datetime import datetime

from tidings.monitoring.sending import SECONDS_IN_RULE, send_due
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(_scheduled_at: datetime) -> Summary:
    return {"messages_sent": send_due(seconds=SECONDS_IN_RULE)}
