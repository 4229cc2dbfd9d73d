"""Rule `redrive`, every minute: sends redriven messages whose time has come, at their rate."""

from datetime import datetime

from tidings.operations.sending import SECONDS_IN_RULE, send_due
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(_scheduled_at: datetime) -> Summary:
    return {"messages_sent": send_due(seconds=SECONDS_IN_RULE)}
