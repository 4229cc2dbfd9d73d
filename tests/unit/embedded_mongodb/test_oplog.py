"""The embedded MongoDB writes no oplog, and is a replica set with transactions nevertheless."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError, OperationFailure

from tests.ports import reserved_port
from tests.waiting import eventually
from tidings_local import embedded_mongodb

PROGRAM = str(Path(embedded_mongodb.__file__).with_name("__main__.py"))
Client = MongoClient[dict[str, Any]]


def test_changes_are_written_once(client: Client) -> None:
    client.shop.things.insert_one({"_id": 1})
    client.shop.things.update_one({"_id": 1}, {"$set": {"a": 1}})
    assert client.local["oplog.rs"].count_documents({}) == 0
    assert client.admin.command("hello")["setName"]


def test_change_stream_is_refused(client: Client) -> None:
    with pytest.raises(OperationFailure, match="no oplog") as refused, client.shop.watch():
        pass
    assert refused.value.code == 40573


def test_transaction_is_committed_or_aborted_as_a_whole(client: Client) -> None:
    things = client.shop.things
    things.create_index("a", unique=True)
    things.insert_one({"_id": 1, "a": 1})
    with client.start_session() as session:
        with session.start_transaction():
            things.insert_one({"_id": 2, "a": 2}, session=session)
            things.update_one({"_id": 1}, {"$set": {"b": 2}}, session=session)
            assert things.count_documents({}) == 1
        session.start_transaction()
        things.insert_one({"_id": 3, "a": 3}, session=session)
        with pytest.raises(DuplicateKeyError):
            things.insert_one({"_id": 4, "a": 1}, session=session)
    assert list(things.find().sort("_id")) == [{"_id": 1, "a": 1, "b": 2}, {"_id": 2, "a": 2}]


def test_answered_writes_survive_a_kill(tmp_path: Path) -> None:
    (tmp_path / "sync.toml").write_text("[storage]\nsync_on_commit = true\n")
    with _running(tmp_path) as (client, process):
        client.shop.things.insert_one({"_id": 0, "n": 0})
        client.shop.things.delete_one({"_id": 0})
        for number in range(20):
            client.shop.things.insert_one({"_id": number + 1, "n": number})
        client.shop.things.update_many({}, {"$inc": {"n": 100}})
        with client.start_session() as session, session.start_transaction():
            client.shop.things.insert_one({"_id": 100}, session=session)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with _running(tmp_path) as (client, _):
        client.shop.things.insert_one({"_id": 101})
        found = list(client.shop.things.find())
    assert found[:20] == [{"_id": n + 1, "n": n + 100} for n in range(20)]
    assert found[20:] == [{"_id": 100}, {"_id": 101}]


@contextmanager
def _running(folder: Path) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    with reserved_port() as port:
        address = ["--host", "127.0.0.1", "--port", str(port)]
    options = ["--config", str(folder / "sync.toml"), "--storage-path", str(folder / "data")]
    process = subprocess.Popen([sys.executable, PROGRAM, *options, *address], cwd=folder)
    client = Client(f"mongodb://127.0.0.1:{port}/")
    try:
        eventually(lambda: client.admin.command("ping"), seconds=60)
        yield client, process
    finally:
        client.close()
        process.kill()
        process.wait()
