"""Rule `due-notifications`, every minute: what waited for its time goes on."""

from datetime import datetime

from tidings.notifications.releasing import release_due_notifications
from tidings.platform.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"notifications_released": release_due_notifications(scheduled_at)}
