"""The frame of a scheduled job: EventBridge's event in, a summary out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final

from tidings.platform.clock import new_event_id
from tidings.platform.context import correlated
from tidings.platform.invocation import invocation
from tidings.platform.job_runs import Summary as Summary
from tidings.platform.job_runs import run_once
from tidings.platform.logging import logger

LambdaEvent = dict[str, Any]

# No invocation lives longer, whatever its function's timeout is.
LAMBDA_LIVES_AT_MOST: Final = timedelta(minutes=15)


def scheduled_job(
    work: Callable[[datetime], Summary],
) -> Callable[[LambdaEvent, Any], Summary]:
    """Make a Lambda handler (EventBridge scheduled event) of a job.

    The job gets the time that it was scheduled for and does its work once for it, however
    often and from however many sides it is called (`job_runs`). What it stores must be
    idempotent all the same: a run that was killed in the middle is run again. An error
    reaches Lambda, which tries again and then keeps the event in `failed-jobs`.
    """
    job = work.__module__

    @wraps(work)
    def handler(event: LambdaEvent, context: Any) -> Summary:
        request_id = getattr(context, "aws_request_id", None)
        logger.append_keys(aws_request_id=request_id)
        scheduled_at = datetime.fromisoformat(event["time"]).astimezone(UTC)
        event_id = event.get("id") or new_event_id()
        with correlated(event_id), invocation():
            summary = run_once(
                job,
                scheduled_at,
                lambda: work(scheduled_at),
                holder=request_id or event_id,
                lease=_time_left(context),
            )
            logger.info("job done", scheduled_at=event["time"], summary=summary)
        return summary

    return handler


def _time_left(context: Any) -> timedelta:
    ask = getattr(context, "get_remaining_time_in_millis", None)
    return timedelta(milliseconds=ask()) if ask else LAMBDA_LIVES_AT_MOST
