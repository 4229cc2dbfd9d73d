"""Each test begins with empty collections, however the test before it wrote to them."""

import multiprocessing
from collections.abc import Callable
from typing import Any, Final

import pytest
from pymongo import InsertOne, MongoClient, UpdateOne
from pymongo.collection import Collection

from tests.integration.emptying import Written, empty_collections, written
from tidings.platform.storage import database
from tidings.tasks.models import Task
from tidings.users.models import User

Tasks = Collection[Any]

NEW: Final = {"$set": {"title": "Write"}}


def by_a_transaction(tasks: Tasks) -> None:
    with database.connect().start_session() as session, session.start_transaction():
        tasks.insert_one({"_id": "1"}, session=session)


def by_another_process(tasks: Tasks) -> None:
    database_name, name = tasks.database.name, tasks.name
    address = database.connect().address
    assert address

    def write() -> None:
        with MongoClient[dict[str, Any]](*address, directConnection=True) as client:
            client[database_name][name].insert_one({"_id": "1"})

    process = multiprocessing.get_context("fork").Process(target=write)
    process.start()
    process.join()
    assert process.exitcode == 0


WRITES: Final[dict[str, Callable[[Tasks], object]]] = {
    "insert": lambda tasks: tasks.insert_many([{"_id": "1"}, {"_id": "2"}]),
    "update": lambda tasks: tasks.update_one({"_id": "1"}, NEW, upsert=True),
    "replace": lambda tasks: tasks.replace_one({"_id": "1"}, {"title": "Write"}, upsert=True),
    "findAndModify": lambda tasks: tasks.find_one_and_update({"_id": "1"}, NEW, upsert=True),
    "bulk write": lambda tasks: tasks.bulk_write([UpdateOne({"_id": "1"}, NEW, upsert=True)]),
    "bulk write of a client": lambda tasks: database.connect().bulk_write(
        [InsertOne({"_id": "1"}, namespace=tasks.full_name)]
    ),
    "transaction": by_a_transaction,
    "another process": by_another_process,
}


@pytest.fixture
def tasks() -> Tasks:
    collection: Tasks = Task._get_collection()
    return collection


@pytest.mark.parametrize("how", WRITES)
def test_what_was_written_is_removed(how: str, tasks: Tasks) -> None:
    WRITES[how](tasks)
    assert tasks.count_documents({}) > 0
    empty_collections(database.connect())
    assert tasks.count_documents({}) == 0


def test_only_collections_that_were_written_to_are_emptied(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "_with_processes", None)  # of the test before
    tasks.insert_one({"_id": "1"})
    User.objects.first()
    assert written.take() == {tasks.full_name}
    tasks.delete_many({})


def test_processes_may_write_until_the_next_file_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    notes, anything = Written(), None

    def begins(test: str) -> None:
        monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{test} (setup)")

    begins("test_a.py::test_one")
    assert notes.take() == set()
    notes.note_process("subprocess.Popen", ())
    for test in ("test_a.py::test_two", "test_a.py::test_three", "test_b.py::test_one"):
        begins(test)
        assert notes.take() is anything
    begins("test_b.py::test_two")
    assert notes.take() == set()
