"""Tests of the journal on a full disk, after a crash during a write, and opened twice."""

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from tests.unit.runner.events.builders import ARN, an_event
from tidings_local.runner.events.journal import Journal

LONG_AGO, NEVER = 0.0, 10.0**9


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def ids(journal: Journal, now: float = NEVER) -> list[str]:
    return [entry.event.request_id for entry in journal.due(now, 1000)]


def fill(journal: Journal) -> int:
    """Add events until the disk is full; return the number of saved ones."""
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages + 8}")
    for number in range(1000):
        try:
            journal.add(an_event(request_id=str(number), payload=f'"{"x" * 2000}"'), 1)
        except sqlite3.OperationalError:
            return number
    raise AssertionError("the disk is never full")


def test_full_disk_refuses_an_event_and_keeps_the_others(file: Path) -> None:
    journal = Journal(file)
    kept = fill(journal)
    assert kept > 0
    assert ids(journal) == ids(Journal(file)) == [str(number) for number in range(kept)]


def test_journal_takes_events_again_when_there_is_room(file: Path) -> None:
    journal = Journal(file)
    kept = fill(journal)
    for entry in journal.due(NEVER, kept):
        journal.remove(entry.id)
    journal.add(an_event(request_id="after"), 1)
    assert ids(journal) == ["after"]


def test_state_that_does_not_fit_keeps_the_previous_one(file: Path) -> None:
    journal = Journal(file)
    fill(journal)
    first = journal.due(NEVER, 1)[0]
    message = {"target": "arn", "body": "x" * 100_000}
    with pytest.raises(sqlite3.OperationalError, match="full"):
        journal.change(first.id, first.event.ended([message]), 9)
    assert journal.due(1, 1)[0] == first


@pytest.mark.parametrize("cut_bytes", [1, 100, 4096])
def test_incomplete_write_loses_only_its_event(file: Path, cut_bytes: int) -> None:
    """The process has ended, and the end of its last write is missing on the disk."""
    journal = Journal(file)
    for number in range(5):
        journal.add(an_event(request_id=str(number)), 1)
    after = file.with_name("after-the-crash.sqlite")
    shutil.copy(file, after)
    written = file.with_name("events.sqlite-wal").read_bytes()
    after.with_name(f"{after.name}-wal").write_bytes(written[:-cut_bytes])
    found = Journal(after)
    assert ids(found) == ["0", "1", "2", "3"]
    found.add(an_event(request_id="next"), 1)
    assert ids(found)[-1] == "next"


def test_file_that_is_not_a_journal_is_not_overwritten(file: Path) -> None:
    content = b"somebody's notes" * 1000
    file.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Journal(file)
    assert file.read_bytes() == content


def test_two_openings_lose_no_event(file: Path) -> None:
    """A runner that stops may still write while the next one starts."""
    journals = [Journal(file), Journal(file)]

    def add_all(place: int) -> None:
        for number in range(50):
            journals[place].add(an_event(request_id=f"{place}-{number}"), 1)

    with ThreadPoolExecutor(2) as both:
        list(both.map(add_all, range(2)))
    found = ids(journals[0])
    assert len(found) == len(set(found)) == len(journals[1]) == 100


def test_event_removed_by_the_other_opening_is_not_restored(file: Path) -> None:
    first, second = Journal(file), Journal(file)
    first.add(an_event(), 1)
    (entry,) = second.due(1, 1)
    first.remove(entry.id)
    second.change(entry.id, entry.event.failed(), 2)
    second.remove(entry.id)
    assert len(first) == len(second) == 0


def test_equal_times_keep_the_order_of_acceptance(file: Path) -> None:
    journal = Journal(file)
    for number in range(20):
        journal.add(an_event(function=f"{ARN}-{number % 3}", request_id=str(number)), 7)
    assert ids(journal) == [str(number) for number in range(20)]


def test_clock_that_was_set_back_only_delays(file: Path) -> None:
    journal = Journal(file)
    journal.add(an_event(request_id="before"), 1000)
    journal.add(an_event(request_id="after"), 900)
    assert (ids(journal, 950), journal.next_due(950)) == (["after"], 1000)
    assert ids(journal, 1000) == ["after", "before"]


# ---------------------------------------------------------------------- unreadable events


def spoil(file: Path, request_id: str, change: Callable[[bytes], bytes]) -> None:
    """Change the saved form of an event, as another version of the runner would."""
    with sqlite3.connect(file) as database:
        for number, form in database.execute("SELECT id, event FROM events").fetchall():
            if orjson.loads(form)["request_id"] == request_id:
                database.execute("UPDATE events SET event = ? WHERE id = ?", (change(form), number))


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "half of it": lambda form: form[: len(form) // 2],
    "nothing": lambda _: b"",
    "no object": lambda _: b"[]",
    "a field more": lambda form: orjson.dumps(orjson.loads(form) | {"of_later": 1}),
    "no rules": lambda form: form.replace(b'"rules"', b'"of_before"'),
    "a rule more": lambda form: form.replace(b'"retries"', b'"of_later":1,"retries"'),
}


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED.keys())
def test_unreadable_event_affects_no_other(
    file: Path, change: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(file)
    for name in ("first", "spoiled", "last"):
        journal.add(an_event(request_id=name), 1)
    spoil(file, "spoiled", change)
    assert ids(journal) == ["first", "last"]
    assert "cannot be read" in caplog.text


def test_unreadable_events_take_no_place_and_cause_no_wakeup(file: Path) -> None:
    journal = Journal(file)
    for name in ("spoiled", "good"):
        journal.add(an_event(request_id=name), 1)
    spoil(file, "spoiled", lambda _: b"")
    journal.due(1, 1)
    assert [entry.event.request_id for entry in journal.due(1, 1)] == ["good"]
    assert journal.next_due(1) is None


def test_unreadable_event_is_kept_for_a_version_that_reads_it(file: Path) -> None:
    journal = Journal(file)
    journal.add(an_event(), 1)
    (good,) = journal._db.execute("SELECT event FROM events").fetchone()
    spoil(file, "r-1", lambda form: form.replace(b'"rules"', b'"of_before"'))
    assert ids(journal) == []
    journal._db.execute("UPDATE events SET event = ?", (good,))
    assert ids(journal) == []
    journal.close()
    assert ids(Journal(file), LONG_AGO) == ["r-1"]
