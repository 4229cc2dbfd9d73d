"""The frame of a scheduled job: EventBridge's event in, a summary out."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from tidings.platform.clock import new_event_id
from tidings.platform.context import correlated
from tidings.platform.invocation import invocation
from tidings.platform.logging import logger

LambdaEvent = dict[str, Any]
Summary = dict[str, int]


def scheduled_job(
    work: Callable[[datetime], Summary],
) -> Callable[[LambdaEvent, Any], Summary]:
    """Make a Lambda handler (EventBridge scheduled event) of a job.

    The job gets the time that it was scheduled for and must do its work once for it, however
    often it is called. An error reaches Lambda, which tries again and then dead-letters.
    """

    @wraps(work)
    def handler(event: LambdaEvent, context: Any) -> Summary:
        logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
        scheduled_at = datetime.fromisoformat(event["time"])
        with correlated(event.get("id") or new_event_id()), invocation():
            summary = work(scheduled_at)
            logger.info("job done", scheduled_at=event["time"], summary=summary)
        return summary

    return handler
