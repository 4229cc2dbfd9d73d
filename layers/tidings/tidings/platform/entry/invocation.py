"""The handler and the context that every entry point has around its call of a domain operation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.observability.metrics import timed_invocation
from tidings.platform.settings import settings
from tidings.platform.storage import database

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
    logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))


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
