"""Empty the collections to which tests have written.

To empty every collection before each test took a tenth of the database's CPU time.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pymongo
from mongoengine import Document
from pymongo import DeleteMany, MongoClient, monitoring
from pymongo.collection import Collection
from pymongo.errors import InvalidOperation

EMPTYING_SECONDS: Final = 300
OF_ONE_COLLECTION: Final = frozenset({"insert", "update", "findAndModify"})
"""Commands that may leave a document; a delete does not."""

STARTS_OF_PROCESSES: Final = frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn"})
"""Events of the interpreter (https://docs.python.org/3/library/audit_events.html)."""


class Written(monitoring.CommandListener):
    """Notes the collections to which this process writes, and the files whose tests start others.

    Another process can write to any collection as long as it runs, which is at the latest until the
    end of the tests of that file.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._with_processes: str | None = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name, command = event.command_name, event.command
        if name in OF_ONE_COLLECTION:
            self._names.add(f"{event.database_name}.{command[name]}")
        elif name == "bulkWrite":
            of = (each.get("insert", each.get("update")) for each in command["ops"])
            self._names.update(
                command["nsInfo"][number]["ns"] for number in of if number is not None
            )

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Ignore the end: what was sent may be written."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Ignore the failure, after which something may be written."""

    def note_process(self, event: str, _arguments: object) -> None:
        """Note the start of a process (a hook for `sys.addaudithook`)."""
        if event in STARTS_OF_PROCESSES:
            self._with_processes = _present_file()

    def take(self) -> set[str] | None:
        """Return the collections written to since the last call; None if it could be any."""
        names, self._names = self._names, set()
        if self._with_processes is None:
            return names
        if self._with_processes != _present_file():
            self._with_processes = None
        return None


def _present_file() -> str:
    """Return the file of the test that is running or set up."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]


written: Final = Written()


def note_writes() -> None:
    """Note the writes of the clients that are made after this, and the starts of processes."""
    monitoring.register(written)
    sys.addaudithook(written.note_process)


def empty_collections(client: MongoClient[Any]) -> None:
    """Delete all documents that tests have written.

    It does not drop the collections, so that their indexes stay.
    """
    collections = {each.full_name: each for each in map(_collection, _documents(Document))}
    names = written.take()
    if names is not None:
        collections = {name: each for name, each in collections.items() if name in names}
    if collections:
        # With two other workers writing, thousands of documents once took SecantusDB 50 s.
        with pymongo.timeout(EMPTYING_SECONDS):
            _empty(client, collections.values())


def _empty(client: MongoClient[Any], collections: Iterable[Collection[Any]]) -> None:
    """Delete them with one command; one for each collection takes ten times longer."""
    try:
        client.bulk_write([DeleteMany({}, namespace=each.full_name) for each in collections])
    except InvalidOperation:  # MongoDB before 8.0
        for collection in collections:
            collection.delete_many({})


def _collection(document: type[Document]) -> Collection[Any]:
    collection: Collection[Any] = document._get_collection()
    return collection


def _documents(base: type[Document]) -> Iterator[type[Document]]:
    """Return every document class that the tests have imported so far."""
    for each in base.__subclasses__():
        if not each._meta.get("abstract"):
            yield each
        yield from _documents(each)
