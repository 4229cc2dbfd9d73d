"""Rule `due-tasks`, every hour: store an event for each due task, once."""

from datetime import datetime

from tidings.platform.entry.job import Summary, scheduled_job
from tidings.tasks.reminders import remind_due_tasks


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"tasks_announced": remind_due_tasks(scheduled_at)}
