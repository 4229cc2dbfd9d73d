"""The decorator of endpoints that respond with text to callers with a token of their own."""

import time
from collections.abc import Callable

from tidings.platform.entry.http import Answer, LambdaHandler, http_handler
from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.entry.problems import problem_of
from tidings.platform.entry.requests import header
from tidings.platform.errors import Unauthenticated
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

        @http_handler(content, refused=_refused)
        def handler(event: LambdaEvent) -> Answer:
            nonlocal kept, kept_until
            check(header(event, "Authorization"))
            if time.monotonic() >= kept_until:
                database.connect()
                kept, kept_until = content(), time.monotonic() + kept_seconds
            return _answer(200, kept, {"Content-Type": media_type})

        return handler

    return decorate


def _refused(error: Exception) -> Answer:
    problem = problem_of(error)
    asked = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    return _answer(problem.status, problem.message, problem.headers | asked)


def _answer(status: int, body: str, headers: dict[str, str]) -> Answer:
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": kind | headers, "body": body}
