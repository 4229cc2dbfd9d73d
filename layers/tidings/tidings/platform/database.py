"""MongoDB through mongoengine: one database per domain, connected at first use."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Final, TypeVar

import mongoengine
import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from tidings.platform.secrets import connections
from tidings.platform.settings import settings

DOMAINS: Final = (
    "users",
    "products",
    "orders",
    "tasks",
    "recommendations",
    "templates",
    "delivery",
    "notifications",
    "campaigns",
    "operations",
)
# A request that MongoDB does not answer is refused within three seconds; the driver looks for
# a server in steps of half a second.
SERVER_SELECTION_MS: Final = 2_000
OPERATION_MS: Final = 2_200
# More documents than that in one command have more time.
LARGE_DOCUMENTS: Final = 100
LARGE_SECONDS: Final = 10.0
# For what nobody could find out again.
PATIENT_SECONDS: Final = 10.0

Result = TypeVar("Result")


@cache
def connect() -> MongoClient[Any]:
    """Open the client and name each domain's database; repeated calls return the same client."""
    for domain in DOMAINS:
        mongoengine.connect(
            db=f"{settings().database_prefix}_{domain}",
            alias=domain,
            host=connections().mongodb_uri,
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            timeoutMS=OPERATION_MS,
            tz_aware=True,
            # What was accepted survives a kill -9: a write is answered once it is in the
            # journal of a majority (docs/decisions/0003).
            w="majority",
            journal=True,
            uuidRepresentation="standard",
        )
    client: MongoClient[Any] = mongoengine.get_connection(DOMAINS[0])
    return client


def ping() -> None:
    """Ask the server for a sign of life.

    Raises:
        pymongo.errors.PyMongoError: it did not answer.
    """
    connect().admin.command("ping")


def time_for(documents: int) -> AbstractContextManager[object]:
    """Within it, commands for so many documents have the time that they need."""
    return pymongo.timeout(LARGE_SECONDS) if documents > LARGE_DOCUMENTS else nullcontext()


def patiently() -> AbstractContextManager[object]:
    """Within it, commands wait for a slow database: what they record is known nowhere else."""
    return pymongo.timeout(PATIENT_SECONDS)


def in_transaction(work: Callable[[ClientSession], Result]) -> Result:
    """Run `work` in a transaction, again when it collides with another one; all or nothing."""
    with connect().start_session() as session:
        return session.with_transaction(work)


def is_unavailable(error: PyMongoError) -> bool:
    """Say whether the server was out of reach, rather than the command wrong."""
    return (
        isinstance(error, ConnectionFailure)
        or (
            isinstance(error, OperationFailure)
            and error.has_error_label("TransientTransactionError")
        )
        or bool(getattr(error, "timeout", False))
    )
