"""The frame of a function that an SNS topic calls: each record's message is one effect.

An error reaches Lambda, which tries again twice and then keeps the call in the dead letters.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from tidings.platform.clock import new_event_id
from tidings.platform.context import correlated
from tidings.platform.invocation import invocation
from tidings.platform.logging import logger

LambdaEvent = dict[str, Any]


def subscriber(effect: Callable[[Any], object]) -> Callable[[LambdaEvent, Any], None]:
    """Make a Lambda handler (SNS event) of a function from one message's JSON to its effect.

    A message that is no JSON is left out: services greet a topic with a plain sentence.
    """

    @wraps(effect)
    def handler(event: LambdaEvent, context: Any) -> None:
        logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
        for record in event["Records"]:
            message = record["Sns"]
            with correlated(message.get("MessageId") or new_event_id()), invocation():
                try:
                    content = json.loads(message["Message"])
                except (ValueError, RecursionError):
                    logger.warning("a message of the topic is no JSON")
                    continue
                effect(content)

    return handler
