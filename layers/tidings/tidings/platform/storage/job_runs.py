"""Records which job ran for which scheduled time, so that a rule that fires twice runs once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from mongoengine import DateTimeField, DictField, IntField, StringField
from pymongo.errors import DuplicateKeyError, PyMongoError

from tidings.platform.logging import logger
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument
from tidings.platform.timing.clock import now

Summary = dict[str, int]

# EventBridge and Lambda stop retrying within hours. An operator who fires an older time by hand
# wants it to run.
REMEMBERED: Final = retention.JOB_RUNS.period
# Lambda invokes a job this often if it fails (`EventInvokeConfig` in template.yaml).
ATTEMPTS: Final = 3
# In the id of a run, between the job and the time.
BETWEEN: Final = "@"
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
DONE_BEFORE: Final[Summary] = {"done_before": 1}
RUNNING_ELSEWHERE: Final[Summary] = {"running_elsewhere": 1}


class JobRun(StoredDocument):
    """One job at one scheduled time; its id contains both.

    `holder` is the invocation that runs it, until `leased_until` at the latest.
    """

    id = StringField(primary_key=True)
    holder = StringField(required=True)
    leased_until = DateTimeField(required=True)
    attempts = IntField(required=True, default=1)
    # The time of the last further attempt; unset when the job is done. Few runs have it, so its
    # index is almost empty, and failed runs are found without reading the others.
    repeated_at = DateTimeField()
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    summary = DictField()
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012 (mongoengine's form)
        "db_alias": "operations",
        "collection": "job_runs",
        "indexes": [
            retention.JOB_RUNS.index(),
            {"fields": ["repeated_at"], "sparse": True},
        ],
    }


def run_once(
    job: str,
    scheduled_at: datetime,
    work: Callable[[], Summary],
    *,
    holder: str,
    lease: timedelta,
) -> Summary:
    """Run a job for its scheduled time, unless it is done or running.

    If a run was killed, the same holder may run it again at once (Lambda retries an invocation
    under the same id). Any other holder must wait until the lease ends.

    Args:
        job: the job's name.
        scheduled_at: the time that the job was scheduled for.
        work: the function to run.
        holder: the id of the invocation.
        lease: the time that the invocation has left.

    Returns:
        The summary of `work`; `DONE_BEFORE` or `RUNNING_ELSEWHERE` if it did not run.
    """
    key = run_id(job, scheduled_at)
    if not _claim(key, holder, lease):
        return _who_has_it(key)
    try:
        summary = work()
    except Exception:
        _let_go(key, holder)
        raise
    mine = JobRun.objects(pk=key, holder=holder)
    mine.update_one(set__finished_at=now(), set__summary=summary, unset__repeated_at=True)
    return summary


def failed_runs(at: datetime | None = None) -> int:
    """Return the number of runs that failed `ATTEMPTS` times and were not repeated since.

    A run that was killed counts from the end of its lease on.
    """
    found = JobRun.objects(
        repeated_at__gt=BEGINNING, attempts__gte=ATTEMPTS, leased_until__lte=at or now()
    )
    return int(found.count())


def run_id(job: str, scheduled_at: datetime) -> str:
    return f"{job}{BETWEEN}{scheduled_at.isoformat()}"


def _claim(key: str, holder: str, lease: timedelta) -> bool:
    at = now()
    first = JobRun(
        id=key,
        holder=holder,
        leased_until=at + lease,
        started_at=at,
        expires_at=at + REMEMBERED,
    )
    try:
        JobRun._get_collection().insert_one(first.to_mongo())
    except DuplicateKeyError:
        free = {"$or": [{"holder": holder}, {"leased_until": {"$lte": at}}]}
        left_behind = JobRun.objects(pk=key, finished_at=None, __raw__=free)
        return bool(
            left_behind.update_one(
                set__holder=holder,
                set__leased_until=at + lease,
                set__repeated_at=at,
                inc__attempts=1,
            )
        )
    return True


def _who_has_it(key: str) -> Summary:
    run = JobRun.objects.get(pk=key)
    if run.finished_at is None:
        logger.info(
            "job skipped: another invocation runs it", run=key, leased_until=run.leased_until
        )
        return RUNNING_ELSEWHERE
    logger.info("job skipped: already done", run=key, at=run.finished_at, summary=run.summary)
    return DONE_BEFORE


def _let_go(key: str, holder: str) -> None:
    """End the lease, so that the next attempt starts at once. If MongoDB fails, it runs out."""
    with suppress(PyMongoError):
        JobRun.objects(pk=key, holder=holder).update_one(set__leased_until=now())
