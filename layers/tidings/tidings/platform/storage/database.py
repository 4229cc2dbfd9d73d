"""Connect to MongoDB through mongoengine: one database per domain, connected at first use."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
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
    "vouchers",
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
# The server's code for an unknown user or a wrong password.
AUTHENTICATION_FAILED: Final = 18
# An endpoint has 15 seconds.
REQUEST_SECONDS: Final = 8.0
# For writes that record facts which exist nowhere else.
PATIENT_SECONDS: Final = 10.0

Result = TypeVar("Result")


@dataclass
class _Opened:
    client: MongoClient[Any] | None = None
    url: str | None = None
    # The server refused the password since the client was opened.
    was_refused: bool = False


_opened: Final = _Opened()


def connect() -> MongoClient[Any]:
    """Open the client, unless it is open; call this at the beginning of each invocation.

    If the secret has another address or password, another client is opened. During an invocation
    the client stays the same, because sessions belong to it.
    """
    url = mongodb_url(refused=_opened.was_refused)
    _opened.was_refused = False
    if _opened.client is None or url != _opened.url:
        close()
        _opened.client, _opened.url = _open(url), url
    return _opened.client


def close() -> None:
    """Close the client; the next call opens another one."""
    for name in DATABASES:
        mongoengine.disconnect(name)
    _opened.client = None


def note_failure(error: PyMongoError) -> None:
    """Read the password again at the next invocation if this error is its refusal."""
    _opened.was_refused |= _is_refusal(error)


def _open(url: str) -> MongoClient[Any]:
    """Open a client, and register the database of each domain."""
    for name in DATABASES:
        mongoengine.connect(
            db=f"{settings().database_prefix}_{name}",
            alias=name,
            host=url,
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


def _client() -> MongoClient[Any]:
    return _opened.client or connect()


def ping() -> None:
    """Check that MongoDB answers.

    Raises:
        pymongo.errors.PyMongoError: MongoDB did not answer.
    """
    _client().admin.command("ping")


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


def for_a_request() -> AbstractContextManager[object]:
    """Limit a transaction that many requests compete for to the time that a request can wait.

    A process that dies in a transaction keeps its documents from others for a minute.
    """
    return pymongo.timeout(REQUEST_SECONDS)


def in_transaction(work: Callable[[ClientSession], Result]) -> Result:
    """Run `work` in a transaction. It runs again if it collides with another transaction."""
    with _client().start_session() as session:
        return session.with_transaction(work)


def is_unavailable(error: PyMongoError) -> bool:
    """Say whether the server was unreachable or too slow, rather than the command wrong.

    A refused password counts as unreachable: the next invocation reads it again.
    """
    return (
        isinstance(error, ConnectionFailure)
        or _is_refusal(error)
        or (
            isinstance(error, OperationFailure)
            and error.has_error_label("TransientTransactionError")
        )
        or bool(getattr(error, "timeout", False))
    )


def _is_refusal(error: PyMongoError) -> bool:
    return isinstance(error, OperationFailure) and error.code == AUTHENTICATION_FAILED
