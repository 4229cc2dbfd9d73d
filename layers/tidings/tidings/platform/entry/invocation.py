"""The handler and the context that every entry point has around its call of a domain operation."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, Final, TypeVar

from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.observability.metrics import timed_invocation
from tidings.platform.settings import settings
from tidings.platform.storage import database

# Objects that a function makes before Python looks for garbage among them.
NEW_OBJECTS: Final = 10_000

LambdaEvent = dict[str, Any]
Result = TypeVar("Result")


def lambda_handler(
    effect: Callable[..., Any],
) -> Callable[[Callable[[LambdaEvent, Any], Result]], Callable[[LambdaEvent, Any], Result]]:
    """Name a handler like `effect`, and mark its log lines with the invocation's id."""

    def decorate(
        handle: Callable[[LambdaEvent, Any], Result],
    ) -> Callable[[LambdaEvent, Any], Result]:
        @wraps(effect)
        def handler(event: LambdaEvent, context: Any) -> Result:
            mark_logs(context)
            return handle(event, context)

        return handler

    return decorate


def mark_logs(context: Any) -> None:
    """Mark the log lines of this invocation with its id, from Lambda's context."""
    _leave_modules_alone()
    logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))


@cache
def _leave_modules_alone() -> None:
    """End the search for garbage among the objects of imported modules, at the first call."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)


@contextmanager
def invocation() -> Iterator[None]:
    """Connect the database, publish stored events, and count the invocation.

    Events that an operation stored before it failed are published, too.
    """
    with timed_invocation(settings().function_name):
        database.connect()
        outbox.begin_noting()
        try:
            yield
        finally:
            publish_stored()


def publish_stored() -> None:
    """Publish the events of this invocation's changes, if there are any."""
    if outbox.has_stored():
        # Functions that only read never import the broker's client.
        from tidings.platform.messaging import relay

        relay.publish_stored()
