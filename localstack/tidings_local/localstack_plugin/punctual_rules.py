"""Run scheduled rules on the minute.

LocalStack looks once in 59.9 seconds, counted from its start, and runs what is due within the next
minute: up to a minute early. A digest that was due at 08:00 was sent by the run after that, an hour
later. EventBridge is never early.
"""

import logging
import time
from datetime import UTC, datetime, timedelta

from crontab import CronTab
from localstack.services.events.scheduler import Job, JobScheduler

logger = logging.getLogger(__name__)

MINUTE_SECONDS = 60


def run_on_the_minute() -> None:
    """Patch LocalStack, before it starts its scheduler. A repeated call changes nothing."""
    JobScheduler.loop = loop


def loop(scheduler: JobScheduler, *_: object) -> None:
    """Replace `JobScheduler.loop`; a job that was due several times meanwhile runs once."""
    last = _minute(time.time())
    while not scheduler._stop_event.wait(MINUTE_SECONDS - time.time() % MINUTE_SECONDS):
        minute = _minute(time.time())
        if minute == last:
            continue  # the wait ended a little too early
        for job in list(scheduler.jobs):
            _run_if_due(job, last, minute)
        last = minute


def _run_if_due(job: Job, last: datetime, minute: datetime) -> None:
    try:
        if job.is_enabled and is_due(job.schedule, last, minute):
            job.do_run()
    except Exception:
        logger.exception("scheduled rule not run", extra={"schedule": job.schedule})


def is_due(schedule: str, last: datetime, minute: datetime) -> bool:
    """Say whether a time of the schedule is after `last`, and not after `minute`."""
    seconds = CronTab(schedule).next(last, default_utc=True)
    return seconds is not None and last + timedelta(seconds=seconds) <= minute


def _minute(seconds: float) -> datetime:
    """Return the begin of the minute in UTC, without a zone, as crontab reads it."""
    return datetime.fromtimestamp(seconds // MINUTE_SECONDS * MINUTE_SECONDS, UTC).replace(
        tzinfo=None
    )
