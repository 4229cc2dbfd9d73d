"""The decorator of endpoints that respond with text to callers with a token of their own."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from tidings.platform.context import accept_correlation_id, correlated
from tidings.platform.entry.answers import CORRELATION_HEADER
from tidings.platform.entry.http import LambdaEvent, LambdaHandler, finished, header
from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import Unauthenticated
from tidings.platform.logging import logger
from tidings.platform.storage import database


def plain_text(
    *, media_type: str, kept_seconds: float, check: Callable[[str | None], None]
) -> Callable[[Callable[[], str]], LambdaHandler]:
    """Make a Lambda handler from a function that returns a text.

    The function is called at most once in `kept_seconds`, however many requests come.

    Args:
        check: gets the `Authorization` header, and raises `Unauthenticated` if it is not valid.
    """

    def decorate(content: Callable[[], str]) -> LambdaHandler:
        kept, kept_until = "", 0.0

        @wraps(content)
        def handler(event: LambdaEvent, context: Any) -> dict[str, Any]:
            nonlocal kept, kept_until
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                try:
                    check(header(event, "Authorization"))
                    if time.monotonic() >= kept_until:
                        database.connect()
                        kept, kept_until = content(), time.monotonic() + kept_seconds
                except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
                    return finished(event, _refusal(error))
                return finished(event, _answer(200, kept, {"Content-Type": media_type}))

        return handler

    return decorate


def _refusal(error: Exception) -> dict[str, Any]:
    problem = problem_of(error)
    asked = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    return _answer(problem.status, problem.message, problem.headers | asked)


def _answer(status: int, body: str, headers: dict[str, str]) -> dict[str, Any]:
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": kind | headers, "body": body}
