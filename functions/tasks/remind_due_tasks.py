"""Rule `due-tasks`, every hour: who has a task that is due is reminded of it, once."""

from datetime import datetime

from tidings.platform.job import Summary, scheduled_job
from tidings.tasks.reminders import remind_due_tasks


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"tasks_announced": remind_due_tasks(scheduled_at)}
