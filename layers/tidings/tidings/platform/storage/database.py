"""Connect to MongoDB through mongoengine: one database per domain, connected at first use."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any, Final, TypeVar

import mongoengine
import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from tidings.platform.secrets import mongodb_url
from tidings.platform.settings import settings

# The databases, one for each domain.
DATABASES: Final = (
    "users",
    "products",
    "orders",
    "tasks",
    "recommendations",
    "templates",
    "delivery",
    "notifications",
    "campaigns",
    # Of the domain `monitoring`, under the former name, so that stored data stays.
    "operations",
)
# A request fails within three seconds if MongoDB does not answer. The driver looks for a server in
# steps of half a second.
SERVER_SELECTION_MS: Final = 2_000
OPERATION_MS: Final = 2_200
# A command with more documents than this gets more time.
LARGE_DOCUMENTS: Final = 100
LARGE_SECONDS: Final = 10.0
# For writes that record facts which exist nowhere else.
PATIENT_SECONDS: Final = 10.0

Result = TypeVar("Result")


@cache
def connect() -> MongoClient[Any]:
    """Open the client and register each domain's database; later calls return the same client."""
    for name in DATABASES:
        mongoengine.connect(
            db=f"{settings().database_prefix}_{name}",
            alias=name,
            host=mongodb_url(),
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            timeoutMS=OPERATION_MS,
            tz_aware=True,
            # An accepted write survives a kill -9: it is acknowledged when a majority has it in the
            # journal (docs/decisions/0003).
            w="majority",
            journal=True,
            uuidRepresentation="standard",
        )
    client: MongoClient[Any] = mongoengine.get_connection(DATABASES[0])
    return client


def ping() -> None:
    """Check that MongoDB answers.

    Raises:
        pymongo.errors.PyMongoError: MongoDB did not answer.
    """
    connect().admin.command("ping")


def time_for(documents: int) -> AbstractContextManager[object]:
    """Give commands in this context a longer timeout if they have many documents."""
    return pymongo.timeout(LARGE_SECONDS) if documents > LARGE_DOCUMENTS else nullcontext()


@contextmanager
def writing_many(documents: int) -> Iterator[None]:
    """Give a bulk write more time, and remove documents from the text of its error.

    The driver puts each failed document into the error's text. Errors are logged and stored with
    failed messages, and a document may contain a one-time code.
    """
    try:
        with time_for(documents):
            yield
    except BulkWriteError as error:
        codes = sorted({each["code"] for each in error.details["writeErrors"]})
        error.args = (f"some writes failed, with the codes {codes}",)
        raise


def patiently() -> AbstractContextManager[object]:
    """Wait longer for a slow database: the data written in this context exists nowhere else."""
    return pymongo.timeout(PATIENT_SECONDS)


def in_transaction(work: Callable[[ClientSession], Result]) -> Result:
    """Run `work` in a transaction. It runs again if it collides with another transaction."""
    with connect().start_session() as session:
        return session.with_transaction(work)


def is_unavailable(error: PyMongoError) -> bool:
    """Say whether the server was unreachable or too slow, rather than the command wrong."""
    return (
        isinstance(error, ConnectionFailure)
        or (
            isinstance(error, OperationFailure)
            and error.has_error_label("TransientTransactionError")
        )
        or bool(getattr(error, "timeout", False))
    )
