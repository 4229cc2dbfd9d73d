"""A SecantusDB in this process, with our changes or without."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from secantus import (
    SecantusDBServer,
    aggregate,
    commands,
    projection,
    query,
    sortkey,
    storage,
    transactions,
    update,
)
from secantus.sessions import SessionRegistry
from secantus.storage import Storage

from tidings_local.embedded_mongodb.mending import mend


@pytest.fixture
def mended() -> Iterator[None]:
    """Replace the slow parts for one test."""
    cursors = sys.modules["swig_wiredtiger"]
    modules = (cursors, projection, query, sortkey, storage, transactions, update)
    classes = (Storage, transactions.TransactionRegistry, SessionRegistry)
    places: list[Any] = [*classes, *modules]
    before = [dict(vars(each)) for each in places]
    handlers, stages = dict(commands._HANDLERS), dict(aggregate._STAGES)
    mend()
    try:
        yield
    finally:
        commands._HANDLERS.update(handlers)
        aggregate._STAGES.update(stages)
        for place, values in zip(places, before, strict=True):
            for name, value in values.items():
                if vars(place).get(name) is not value:
                    setattr(place, name, value)


@pytest.fixture
def client(mended: None, tmp_path: Path) -> Iterator[MongoClient[dict[str, Any]]]:
    with (
        SecantusDBServer(storage_path=str(tmp_path)) as server,
        MongoClient[dict[str, Any]](server.uri) as found,
    ):
        yield found
