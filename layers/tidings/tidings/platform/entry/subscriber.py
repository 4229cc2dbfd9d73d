"""The decorator of functions that an SNS topic calls: handle each record's message.

An error reaches Lambda, which retries twice and then moves the call to the dead letters.
"""

import json
from collections.abc import Callable
from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import (
    LambdaEvent,
    failure_logged,
    invocation,
    lambda_handler,
)
from tidings.platform.logging import logger
from tidings.platform.timing.clock import new_event_id


def subscriber(effect: Callable[[Any], object]) -> Callable[[LambdaEvent, Any], None]:
    """Make a Lambda handler (SNS event) from a function that handles one message's JSON.

    A message that is not JSON is skipped: AWS services send a plain test message to a new topic.
    """

    @lambda_handler(effect)
    def handler(event: LambdaEvent, _context: Any) -> None:
        for record in event["Records"]:
            message = record["Sns"]
            message_id = message.get("MessageId") or new_event_id()
            with correlated(message_id), failure_logged(), invocation():
                try:
                    content = json.loads(message["Message"])
                except (ValueError, RecursionError):
                    logger.warning("SNS message skipped: not JSON")
                    continue
                effect(content)

    return handler
