"""The embedded MongoDB with faster writes answers as before, and reads no whole collection."""

from typing import Any

import pytest
from pymongo import MongoClient, ReturnDocument
from secantus import sessions, transactions
from secantus.storage import Storage

DOCUMENTS = 50


@pytest.fixture
def shelves(client: MongoClient[dict[str, Any]]) -> Any:
    found = client["library"]["shelves"]
    found.insert_many([{"_id": n, "state": "full"} for n in range(DOCUMENTS)])
    return found


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of collections that were read as a whole."""
    walked: list[str] = []
    walk = Storage._scan_docs

    def noted(self: Storage, db: str, coll: str) -> Any:
        walked.append(coll)
        return walk(self, db, coll)

    monkeypatch.setattr(Storage, "_scan_docs", noted)
    return walked


def test_change_by_id_reads_no_whole_collection(shelves: Any, walks: list[str]) -> None:
    changed = shelves.find_one_and_update(
        {"_id": 7, "state": "full"},
        {"$set": {"state": "empty"}},
        return_document=ReturnDocument.AFTER,
    )
    assert changed == {"_id": 7, "state": "empty"}
    assert "shelves" not in walks


def test_the_whole_filter_is_matched(shelves: Any) -> None:
    filters: list[dict[str, Any]] = [
        {"_id": 7, "$or": [{"state": "empty"}]},
        {"_id": 7, "$and": [{"_id": 8}]},
        {"_id": 7, "state": "empty"},
    ]
    for each in filters:
        assert shelves.find_one_and_update(each, {"$set": {"state": "lost"}}) is None
        assert shelves.update_one(each, {"$set": {"state": "lost"}}).matched_count == 0
    among = {"_id": {"$in": [7, 8]}, "$or": [{"state": "full"}, {"state": "lost"}]}
    assert shelves.update_many(among, {"$set": {"state": "moved"}}).modified_count == 2
    above = {"_id": {"$gt": 40}, "$nor": [{"state": "lost"}]}
    assert shelves.update_many(above, {"$set": {"state": "moved"}}).modified_count == 9


def test_repeated_write_is_answered_from_memory(mended: None) -> None:
    clock = [0.0]
    registry = transactions.TransactionRegistry(time_func=lambda: clock[0])
    registry.record_retryable(b"session", 1, b"insert", {"ok": 1.0, "n": 1})
    assert registry.retryable_reply(b"session", 1, b"insert") == {"ok": 1.0, "n": 1}

    clock[0] = transactions._RETRYABLE_RECORD_LIFETIME_SECONDS + 1
    registry.record_retryable(b"session", 2, b"insert", {"ok": 1.0, "n": 1})
    assert registry.retryable_reply(b"session", 1, b"insert") is None
    assert registry.retryable_reply(b"session", 2, b"insert") is not None


def test_number_of_remembered_writes_is_as_before(
    mended: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "_RETRYABLE_RECORD_MAX", 3)
    registry = transactions.TransactionRegistry()
    for number in range(5):
        registry.record_retryable(b"session", number, b"insert", {"ok": 1.0, "n": 1})
    kept = [registry.retryable_reply(b"session", n, b"insert") is not None for n in range(5)]
    assert kept == [False, False, True, True, True]


def test_ended_sessions_are_dropped_within_a_minute(mended: None) -> None:
    clock = [0.0]
    registry = sessions.SessionRegistry(time_func=lambda: clock[0])
    for second in range(3):
        clock[0] = float(second)
        registry.register(second.to_bytes(16))
    ended = sessions.DEFAULT_IDLE_TTL_SECONDS + 1.5  # two of the three
    clock[0] = ended
    registry.register((9).to_bytes(16))
    assert len(registry) == 2
    clock[0] = ended + 59
    registry.register((9).to_bytes(16))
    assert len(registry) == 2
    clock[0] = ended + 60
    registry.register((9).to_bytes(16))
    assert len(registry) == 1


def test_many_sessions_make_no_command_slower(mended: None) -> None:
    registry = sessions.SessionRegistry()

    def calls_of(number: int) -> int:
        """Return how many sessions are looked at while this one is registered."""
        looked = 0

        class Counting(dict[bytes, float]):
            def items(self) -> Any:
                nonlocal looked
                looked += len(self)
                return super().items()

        registry._sessions = Counting(registry._sessions)
        registry.register(number.to_bytes(16))
        return looked

    calls_of(0)
    assert [calls_of(number) for number in range(1, 500)] == [0] * 499
