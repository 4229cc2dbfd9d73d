"""What every entry point does around its one call of a domain operation."""

from collections.abc import Iterator
from contextlib import contextmanager

from tidings.platform import database, outbox
from tidings.platform.metrics import timed_invocation
from tidings.platform.relay import publish_stored
from tidings.platform.settings import settings


@contextmanager
def invocation() -> Iterator[None]:
    """Connect the database, publish what was stored, and count.

    What an operation stored before it failed is announced all the same.
    """
    with timed_invocation(settings().function_name):
        database.connect()
        outbox.begin_noting()
        try:
            yield
        finally:
            publish_stored()
