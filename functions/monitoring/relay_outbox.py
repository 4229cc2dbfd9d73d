"""Rule `outbox-relay`, every minute: publish events that a crash left in their outbox."""

from datetime import datetime

from tidings.monitoring.relay import relay_outbox
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(_scheduled_at: datetime) -> Summary:
    return {"events_published": relay_outbox()}
