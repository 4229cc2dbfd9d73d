"""Rule `due-notifications`, every minute: release scheduled notifications that are due."""

from datetime import datetime

from tidings.delivery.releasing import release_due_notifications
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"notifications_released": release_due_notifications(scheduled_at)}
