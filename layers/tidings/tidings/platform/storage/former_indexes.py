"""Drop indexes that earlier releases created.

mongoengine creates the declared indexes and drops none. An index that is left makes each write
slower. An earlier release creates it again if it returns.
"""

import time
from collections.abc import Set
from datetime import timedelta
from typing import Any, Final

from pymongo.errors import OperationFailure

from tidings.platform.logging import logger

# After this time no environment of the earlier release is left that could use its indexes.
DEPLOYED_AFTER: Final = timedelta(minutes=20)

INDEX_NOT_FOUND: Final = 27

_imported_at: Final = time.monotonic()


def left_in(collection: Any, names: Set[str]) -> set[str]:
    """Return those of these indexes that a collection has."""
    present = collection.index_information()
    return {name for name in names if name in present}


def drop(collection: Any, names: Set[str], *, age: timedelta | None = None) -> None:
    """Drop those of these indexes that a collection has, once no earlier release can use them.

    Args:
        age: the time since this release began to run here.
    """
    if age is None:
        age = timedelta(seconds=time.monotonic() - _imported_at)
    if age < DEPLOYED_AFTER:
        return
    for name in sorted(left_in(collection, names)):
        try:
            collection.drop_index(name)
        except OperationFailure as error:
            if error.code != INDEX_NOT_FOUND:
                raise
            continue  # another process was faster
        logger.info("index of an earlier release dropped", collection=collection.name, index=name)
