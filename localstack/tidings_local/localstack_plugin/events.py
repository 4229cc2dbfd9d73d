"""Let the runner store and make asynchronous calls.

Unpatched, LocalStack keeps them in its memory, with a waiting thread for each function, and loses
accepted calls at a kill -9.
"""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from localstack.aws.api.lambda_ import ServiceException
from localstack.services.lambda_.invocation.event_manager import LambdaEventManager

from tidings_local.localstack_plugin.calls import PATIENCE_SECONDS, headers_of, refusal_of
from tidings_local.localstack_plugin.runner import runner
from tidings_local.runner.client import RunnerAwayError, RunnerLostError
from tidings_local.runner.events.rules import MAX_AGE_SECONDS, RETRIES, EventRules

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import Invocation
    from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

logger = logging.getLogger(__name__)


def keep_events_in_runner() -> None:
    """Make the runner accept every event. A repeated call changes nothing."""
    LambdaEventManager.enqueue_event = enqueue_event
    LambdaEventManager.start = LambdaEventManager.stop = nothing
    LambdaEventManager.stop_for_update = nothing


def nothing(_: LambdaEventManager) -> None:
    """Replace the methods of a thread that waits for events."""


def enqueue_event(self: LambdaEventManager, invocation: "Invocation") -> None:
    """Replace `LambdaEventManager.enqueue_event`; return once the event is on the disk.

    Raises:
        ServiceException: it was not accepted; its call may still be made.
    """
    arn = self.version_manager.function_version.qualified_arn
    headers = headers_of(invocation) | {
        "X-Amz-Invocation-Type": "Event",
        "X-Tidings-Event-Rules": rules_of(self.version_manager).written(),
    }
    try:
        answer = runner().invoke(
            arn, invocation.payload, headers, patience_seconds=PATIENCE_SECONDS
        )
    except (RunnerAwayError, RunnerLostError) as error:
        logger.warning("event of %s was not accepted: %s", arn, error)
        raise ServiceException(str(error)) from error
    if answer.status != HTTPStatus.ACCEPTED:
        raise refusal_of(answer)


def rules_of(manager: "LambdaVersionManager") -> EventRules:
    """Return the current retry settings of a version's events."""
    version = manager.function_version
    config = manager.function.event_invoke_configs.get(version.id.qualifier)
    retries = config.maximum_retry_attempts if config else None
    max_age = config.maximum_event_age_in_seconds if config else None
    destinations = (config.destination_config if config else None) or {}
    return EventRules(
        retries=RETRIES if retries is None else retries,
        max_age_seconds=MAX_AGE_SECONDS if max_age is None else max_age,
        on_success=destinations.get("OnSuccess", {}).get("Destination"),
        on_failure=destinations.get("OnFailure", {}).get("Destination"),
        dead_letters=version.config.dead_letter_arn,
        role=version.config.role,
    )
