"""The decorator of scheduled jobs: takes EventBridge's event, returns a summary."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import (
    LambdaEvent,
    failure_logged,
    invocation,
    lambda_handler,
    seconds_left,
)
from tidings.platform.logging import logger
from tidings.platform.storage.job_runs import Summary as Summary
from tidings.platform.storage.job_runs import run_once
from tidings.platform.timing.clock import new_event_id

# AWS's limit for the duration of an invocation.
LAMBDA_LIVES_AT_MOST: Final = timedelta(minutes=15)


def scheduled_job(
    work: Callable[[datetime], Summary],
) -> Callable[[LambdaEvent, Any], Summary]:
    """Make a Lambda handler (EventBridge scheduled event) from a job.

    The job gets its scheduled time. It runs once for that time, even if several events fire it
    (`job_runs`). Its writes must still be idempotent: a run that was killed halfway runs again. An
    error reaches Lambda, which retries the event and then moves it to `failed-jobs`.
    """
    job = work.__module__

    @lambda_handler(work)
    def handler(event: LambdaEvent, context: Any) -> Summary:
        scheduled_at = datetime.fromisoformat(event["time"]).astimezone(UTC)
        event_id = event.get("id") or new_event_id()
        started = time.perf_counter()
        with correlated(event_id), failure_logged(), invocation():
            summary = run_once(
                job,
                scheduled_at,
                lambda: work(scheduled_at),
                holder=getattr(context, "aws_request_id", None) or event_id,
                lease=_time_left(context),
            )
            logger.info(
                "job done",
                scheduled_at=event["time"],
                summary=summary,
                outcome="ok",
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return summary

    return handler


def _time_left(context: Any) -> timedelta:
    return timedelta(seconds=min(seconds_left(context), LAMBDA_LIVES_AT_MOST.total_seconds()))
