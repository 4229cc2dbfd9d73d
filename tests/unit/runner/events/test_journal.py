from pathlib import Path

import pytest

from tests.unit.runner.events.builders import ARN, QUEUE, an_event
from tidings_local.runner.events.journal import Journal
from tidings_local.runner.events.rules import EventRules


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "events.sqlite")


def test_event_is_read_unchanged(journal: Journal, tmp_path: Path) -> None:
    event = an_event(
        EventRules(retries=0, on_failure=QUEUE),
        trace_id="Root=1",
        client_context="{}",
        messages=[{"target": QUEUE}],
    )
    journal.add(event, 5)
    ((_, found),) = Journal(tmp_path / "events.sqlite").due(5, 1)  # as after a kill
    assert found == event


def test_only_the_owner_can_read_events(journal: Journal, tmp_path: Path) -> None:
    journal.add(an_event(), 5)
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}


def test_events_are_due_at_their_time(journal: Journal) -> None:
    journal.add(an_event(request_id="later"), 20)
    journal.add(an_event(request_id="sooner"), 10)
    assert journal.due(9, 10) == []
    assert journal.next_due(9) == 10
    assert [entry.event.request_id for entry in journal.due(20, 10)] == ["sooner", "later"]
    assert journal.next_due(20) is None


def test_many_events_of_one_function_leave_room_for_others(journal: Journal) -> None:
    for number in range(100):
        journal.add(an_event(request_id=str(number)), 1)
    other = an_event(function=f"{ARN}-of-another")
    journal.add(other, 2)
    due = [entry.event for entry in journal.due(3, 4)]
    assert [event.request_id for event in due[:-1]] == ["0", "1", "2", "3"]
    assert due[-1] == other


def test_changed_event_replaces_the_previous_one(journal: Journal) -> None:
    journal.add(an_event(), 1)
    ((number, event),) = journal.due(1, 1)
    journal.change(number, event.failed(), 9)
    assert journal.due(1, 1) == []
    assert [entry.event.failures for entry in journal.due(9, 1)] == [1]
    journal.remove(number)
    assert len(journal) == 0
