"""The latest runs of scheduled jobs."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from tidings.platform.storage.job_runs import BETWEEN, JobRun, run_id
from tidings.platform.storage.rows import rows_of
from tidings.platform.storage.united import Pipeline, united

# It sorts after `BETWEEN`.
BEHIND: Final = "A"

Condition = Mapping[str, Any]


def last_runs(wanted: Mapping[str, Condition]) -> dict[str, Any]:
    """Return the row of the latest run of each kind, in one command; some kinds may have none.

    Args:
        wanted: by the name of a kind, the condition on its ids: `of_job`, or `at_times`.
    """
    pipelines = [_last_of(name, ids) for name, ids in wanted.items()]
    found = united(JobRun._get_collection(), pipelines, each_at_most=1)
    return {each.stored_form["kind"]: each for each in rows_of(JobRun, found)}


def of_job(job: str) -> Condition:
    """Return the condition of all runs of a job: a range of ids, which sort by time."""
    return {"$gte": f"{job}{BETWEEN}", "$lt": f"{job}{BEHIND}"}


def at_times(job: str, times: Iterable[datetime]) -> Condition:
    """Return the condition of the runs of a job for these times."""
    return {"$in": [run_id(job, each) for each in times]}


def scheduled_time(of_run: str) -> datetime:
    """Return the time in the id of a run."""
    return datetime.fromisoformat(of_run.partition(BETWEEN)[2])


def _last_of(name: str, ids: Condition) -> Pipeline:
    return [
        {"$match": {"_id": dict(ids)}},
        {"$sort": {"_id": -1}},
        {"$limit": 1},
        {"$set": {"kind": {"$literal": name}}},
    ]
