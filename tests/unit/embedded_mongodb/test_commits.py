"""A command is answered when all its commits are on the disk, and waits for that once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError
from secantus import SecantusDBServer
from wiredtiger import Session

Client = MongoClient[dict[str, Any]]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of what was done to the journal."""
    done: list[str] = []

    def note(name: str) -> None:
        original = getattr(Session, name)

        def noted(self: Any, *args: Any) -> Any:
            done.append(" ".join([name.split("_")[0], *(each for each in args if each)]))
            return original(self, *args)

        monkeypatch.setattr(Session, name, noted)

    for each in ("begin_transaction", "commit_transaction", "log_flush"):
        note(each)
    return done


@pytest.fixture
def things(steps: list[str], mended: None, tmp_path: Path) -> Iterator[Any]:
    with (
        SecantusDBServer(storage_path=str(tmp_path), sync_on_commit=True) as server,
        Client(server.uri) as client,
    ):
        found = client.shop.things
        found.create_index("a", unique=True)
        found.insert_many({"_id": n, "a": n} for n in range(5))
        steps.clear()
        yield found


ONE = ["begin sync=false", "commit"]
WAIT = ["log sync=on"]


def test_command_waits_after_its_last_commit(things: Any, steps: list[str]) -> None:
    things.bulk_write([UpdateOne({"_id": n}, {"$set": {"b": 1}}) for n in range(5)])
    assert steps == ONE * 5 + WAIT
    steps.clear()
    things.find_one_and_update({"_id": 1}, {"$inc": {"b": 1}})
    things.delete_one({"_id": 4})
    assert steps == (ONE + WAIT) * 2


def test_command_with_an_error_waits_for_what_it_wrote(things: Any, steps: list[str]) -> None:
    updates = [UpdateOne({"_id": n}, {"$set": {"a": 1, "b": 1}}) for n in (1, 2, 3)]
    with pytest.raises(BulkWriteError):
        things.bulk_write(updates)
    assert steps == [*ONE, "begin sync=false", *WAIT]
    assert things.count_documents({"b": 1}) == 1


def test_transaction_waits_when_it_is_committed(things: Any, steps: list[str]) -> None:
    with things.database.client.start_session() as session:
        with session.start_transaction():
            things.update_one({"_id": 1}, {"$set": {"b": 1}}, session=session)
            things.insert_one({"_id": 9, "a": 9}, session=session)
        assert steps == ONE + WAIT
        session.start_transaction()
        things.insert_one({"_id": 10, "a": 10}, session=session)
        session.abort_transaction()
    assert steps == [*ONE, *WAIT, "begin sync=false"]


def test_only_journalled_writes_wait_without_the_setting(steps: list[str], client: Client) -> None:
    things = client.shop.get_collection("things", write_concern=WriteConcern(j=True))
    client.shop.things.insert_one({"_id": 1})
    assert WAIT[0] not in steps
    steps.clear()
    things.insert_one({"_id": 2})
    assert steps == ONE + WAIT
