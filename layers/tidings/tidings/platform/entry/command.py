"""The decorator of commands: functions that only callers with AWS credentials can invoke.

No route leads to them; the launcher invokes them for `make create-admin` and the like. The audit
trail records them without the person's name, which AWS CloudTrail has by the correlation id's time.
"""

from collections.abc import Callable
from typing import Any, Final

from tidings.platform import acts
from tidings.platform.auditing.recording import Recording
from tidings.platform.auditing.trail import Deed, recorded
from tidings.platform.context import correlated
from tidings.platform.entry.invocation import (
    LambdaEvent,
    failure_logged,
    invocation,
    lambda_handler,
)
from tidings.platform.timing.clock import new_event_id

ACTOR: Final = "aws"
ROLE: Final = "command"

Work = Callable[[LambdaEvent], Any]


def command(
    domain: str, *, recording: Recording | None = Recording.BEGUN_AND_ENDED
) -> Callable[[Work], Callable[[LambdaEvent, Any], Any]]:
    """Make a Lambda handler from a function of the event; its file has the command's name.

    Args:
        domain: the domain that it belongs to.
        recording: how the audit trail records it; None if it does not.
    """

    def decorate(work: Work) -> Callable[[LambdaEvent, Any], Any]:
        name = work.__module__.rpartition(".")[2]
        deed = Deed(ACTOR, ROLE, name, domain)

        @lambda_handler(work)
        def handler(event: LambdaEvent, _context: Any) -> Any:
            with correlated(new_event_id()), failure_logged(), invocation():
                if recording is None:
                    return work(event)
                with recorded(deed, acts.Act(), recording):
                    return work(event)

        handler.command = deed  # type: ignore[attr-defined]
        return handler

    return decorate
