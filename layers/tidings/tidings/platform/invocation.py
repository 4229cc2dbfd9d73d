"""What every entry point does around its one call of a domain operation."""

from collections.abc import Iterator
from contextlib import contextmanager

from tidings.platform import database, outbox
from tidings.platform.relay import publish_stored


@contextmanager
def invocation() -> Iterator[None]:
    """Connect the database, and publish what was stored.

    What an operation stored before it failed is announced all the same.
    """
    database.connect()
    outbox.begin_noting()
    try:
        yield
    finally:
        publish_stored()
