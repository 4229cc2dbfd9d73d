"""The handler and the context that every entry point has around its call of a domain operation."""

import gc
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, Final, TypeVar

from pymongo.errors import PyMongoError

from tidings.platform import tracing
from tidings.platform.logging import logger, sample_debug
from tidings.platform.messaging import outbox
from tidings.platform.observability.metrics import timed_invocation
from tidings.platform.settings import settings
from tidings.platform.storage import database

# Objects that a function makes before Python looks for garbage among them.
NEW_OBJECTS: Final = 10_000
# An invocation with a smaller part of its time left is near its timeout.
LEAST_LEFT: Final = 0.1
# The note of an error that is in the log.
LOGGED: Final = "logged"

LambdaEvent = dict[str, Any]
Result = TypeVar("Result")


def lambda_handler(
    effect: Callable[..., Any],
) -> Callable[[Callable[[LambdaEvent, Any], Result]], Callable[[LambdaEvent, Any], Result]]:
    """Name a handler like `effect`, watch each invocation, and log the error that ends one."""

    def decorate(
        handle: Callable[[LambdaEvent, Any], Result],
    ) -> Callable[[LambdaEvent, Any], Result]:
        @wraps(effect)
        def handler(event: LambdaEvent, context: Any) -> Result:
            try:
                with watched(context, _offered(event)), failure_logged():
                    return handle(event, context)
            except Exception as error:
                # Lambda's runtime logs the error again, without our keys: briefly, then.
                error.__traceback__ = None
                raise

        return handler

    return decorate


def _offered(event: LambdaEvent) -> str | None:
    """Return the `traceparent` that the caller of an endpoint sent."""
    if not tracing.is_on():
        return None
    headers = event.get("headers") or {}
    return next((text for name, text in headers.items() if name.lower() == "traceparent"), None)


@contextmanager
def watched(context: Any, traceparent: str | None = None) -> Iterator[None]:
    """Mark the log lines of an invocation with its id, and warn if it ends near its timeout.

    A metric filter of template.yaml counts the warnings of all functions.

    Args:
        context: that of Lambda; None outside of it.
        traceparent: the caller's, if it sent one.
    """
    _leave_modules_alone()
    sample_debug()
    logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
    had = seconds_left(context)
    try:
        with tracing.invocation(context, traceparent):
            yield
    except PyMongoError as error:
        database.note_failure(error)
        raise
    finally:
        left = seconds_left(context)
        if left < had * LEAST_LEFT:
            logger.warning("invocation ended near its timeout", seconds=had, seconds_left=left)


@contextmanager
def failure_logged() -> Iterator[None]:
    """Log the error that ends an invocation, with the ids of this context, and raise it again.

    The innermost context logs it, which knows the most ids.
    """
    try:
        yield
    except Exception as error:
        if LOGGED not in getattr(error, "__notes__", ()):
            logger.exception("invocation failed", outcome="error")
            error.add_note(LOGGED)
        raise


def seconds_left(context: Any) -> float:
    """Return the rest of the function's timeout; without end outside of Lambda."""
    ask = getattr(context, "get_remaining_time_in_millis", None)
    return ask() / 1000 if ask else math.inf


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
