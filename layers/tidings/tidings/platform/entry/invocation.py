"""The context that every entry point opens around its call of a domain operation."""

from collections.abc import Iterator
from contextlib import contextmanager

from tidings.platform.messaging import outbox
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.observability.metrics import timed_invocation
from tidings.platform.settings import settings
from tidings.platform.storage import database


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
