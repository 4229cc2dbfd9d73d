"""The frame of an endpoint that answers with text that anybody may read."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from tidings.platform import database
from tidings.platform.context import accept_correlation_id, correlated, correlation_id
from tidings.platform.http import CORRELATION_HEADER, LambdaEvent, LambdaHandler, header
from tidings.platform.logging import logger


def public_text(
    *, media_type: str, kept_seconds: float
) -> Callable[[Callable[[], str]], LambdaHandler]:
    """Make a Lambda handler of a function that returns a text.

    It is asked once in so many seconds, however many ask: anybody may.
    """

    def decorate(content: Callable[[], str]) -> LambdaHandler:
        kept, kept_until = "", 0.0

        @wraps(content)
        def handler(event: LambdaEvent, context: Any) -> dict[str, Any]:
            nonlocal kept, kept_until
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                if time.monotonic() >= kept_until:
                    database.connect()
                    kept, kept_until = content(), time.monotonic() + kept_seconds
                headers = {
                    "Content-Type": media_type,
                    "Cache-Control": "no-store",
                    CORRELATION_HEADER: correlation_id() or "",
                }
                return {"statusCode": 200, "headers": headers, "body": kept}

        return handler

    return decorate
