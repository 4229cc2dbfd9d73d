"""The embedded MongoDB deletes expired documents without reading the others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from secantus.storage import Storage

from tidings_local.embedded_mongodb import expiry

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
DOCUMENTS: list[dict[str, Any]] = [
    {"_id": "past", "at": PAST},
    {"_id": "ancient", "at": datetime(1950, 1, 1, tzinfo=UTC)},
    {"_id": "future", "at": FUTURE},
    {"_id": "never"},
    {"_id": "null", "at": None},
    {"_id": "text", "at": "2020-01-01"},
    {"_id": "number", "at": 1},
    {"_id": "one of several", "at": [FUTURE, PAST]},
    {"_id": "none of several", "at": [FUTURE, "2020-01-01"]},
]
EXPIRED = {"past", "ancient", "one of several"}
INDEXES: list[dict[str, Any]] = [
    {"expireAfterSeconds": 0},
    {"expireAfterSeconds": 0, "sparse": True},
    {"expireAfterSeconds": 600},
    {"expireAfterSeconds": 7200},
    {"expireAfterSeconds": 0, "partialFilterExpression": {"_id": "past"}},
    {"expireAfterSeconds": float("nan")},
    {},
]


def left(folder: Path, options: dict[str, Any]) -> set[str]:
    """Return the ids of the documents that do not expire."""
    storage = Storage(str(folder))
    try:
        storage.create_index("shop", "things", "expiry", {"at": 1}, options)
        storage.insert("shop", "things", DOCUMENTS)
        pruned = storage.prune_ttl("shop", "things", now=NOW)
        kept = {each["_id"] for each in storage.find_matching("shop", "things", {})}
    finally:
        storage.close()
    assert pruned == len(DOCUMENTS) - len(kept)
    return kept


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the deletion; the test's end restores it."""
    monkeypatch.setattr(Storage, "prune_ttl", Storage.prune_ttl)
    expiry.prune_by_the_index(Storage)


@pytest.mark.parametrize("options", INDEXES, ids=str)
def test_same_documents_expire(
    options: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    theirs = left(tmp_path / "theirs", options)
    request.getfixturevalue("mended")
    assert left(tmp_path / "ours", options) == theirs


def test_expired_documents_are_found_by_the_index(
    tmp_path: Path, mended: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(*_: Any) -> Any:
        raise AssertionError("it read all documents")

    storage = Storage(str(tmp_path))
    try:
        storage.create_index("shop", "things", "expiry", {"at": 1}, {"expireAfterSeconds": 0})
        storage.insert("shop", "things", DOCUMENTS)
        monkeypatch.setattr(Storage, "_scan_docs", scan)
        assert storage.prune_ttl("shop", "things", now=NOW) == len(EXPIRED)
        assert storage.prune_ttl("shop", "things", now=NOW) == 0
    finally:
        storage.close()
