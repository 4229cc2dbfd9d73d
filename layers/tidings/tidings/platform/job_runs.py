"""What was run for which scheduled time: a rule that fires twice does its work once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from mongoengine import DateTimeField, DictField, Document, IntField, StringField
from pymongo.errors import DuplicateKeyError, PyMongoError

from tidings.platform.clock import now
from tidings.platform.logging import logger

Summary = dict[str, int]

# Longer than anything fires the same time again: EventBridge and Lambda give up within hours,
# and a person who fires an old time by hand means it.
REMEMBERED: Final = timedelta(days=30)
DONE_BEFORE: Final[Summary] = {"done_before": 1}
RUNNING_ELSEWHERE: Final[Summary] = {"running_elsewhere": 1}


class JobRun(Document):
    """One job at one scheduled time; its id says both.

    `holder` is the invocation that has it in hand, until `leased_until` at the latest.
    """

    id = StringField(primary_key=True)
    holder = StringField(required=True)
    leased_until = DateTimeField(required=True)
    attempts = IntField(required=True, default=1)
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    summary = DictField()
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012 (mongoengine's form)
        "db_alias": "operations",
        "collection": "job_runs",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


def run_once(
    job: str,
    scheduled_at: datetime,
    work: Callable[[], Summary],
    *,
    holder: str,
    lease: timedelta,
) -> Summary:
    """Do a job's work for its scheduled time, unless that is done or in hand.

    What was killed is taken up again by the same holder at once (Lambda tries an invocation
    again under its own id), by any other when the lease is over.

    Args:
        job: its name.
        scheduled_at: the time it was scheduled for.
        work: what is to be done.
        holder: id of the invocation.
        lease: for how long the invocation can live.

    Returns:
        The work's summary; `DONE_BEFORE` or `RUNNING_ELSEWHERE` where there was nothing to do.
    """
    run_id = f"{job}@{scheduled_at.isoformat()}"
    if not _claim(run_id, holder, lease):
        return _who_has_it(run_id)
    try:
        summary = work()
    except Exception:
        _let_go(run_id, holder)
        raise
    mine = JobRun.objects(pk=run_id, holder=holder)
    mine.update_one(set__finished_at=now(), set__summary=summary)
    return summary


def _claim(run_id: str, holder: str, lease: timedelta) -> bool:
    at = now()
    first = JobRun(
        id=run_id,
        holder=holder,
        leased_until=at + lease,
        started_at=at,
        expires_at=at + REMEMBERED,
    )
    try:
        JobRun._get_collection().insert_one(first.to_mongo())
    except DuplicateKeyError:
        free = {"$or": [{"holder": holder}, {"leased_until": {"$lte": at}}]}
        left_behind = JobRun.objects(pk=run_id, finished_at=None, __raw__=free)
        return bool(
            left_behind.update_one(
                set__holder=holder, set__leased_until=at + lease, inc__attempts=1
            )
        )
    return True


def _who_has_it(run_id: str) -> Summary:
    run = JobRun.objects.get(pk=run_id)
    if run.finished_at is None:
        logger.info("job is in hand elsewhere", run=run_id, leased_until=run.leased_until)
        return RUNNING_ELSEWHERE
    logger.info("job was done before", run=run_id, at=run.finished_at, summary=run.summary)
    return DONE_BEFORE


def _let_go(run_id: str, holder: str) -> None:
    """Let the next attempt begin at once; where MongoDB is away it waits for the lease."""
    with suppress(PyMongoError):
        JobRun.objects(pk=run_id, holder=holder).update_one(set__leased_until=now())
