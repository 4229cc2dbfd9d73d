"""The events of tasks can be parsed again, with and without an assignee."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tidings.notifications.rules import RULES
from tidings.platform.messaging.events import Event
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated

EVENTS: tuple[type[Event], ...] = (TaskCreated, TaskUpdated, TaskDeleted, TaskDue)
DATA: dict[str, Any] = {
    "task_id": "task",
    "title": "Call {the} carrier %s",
    "owner_id": "owner",
    "actor_id": "owner",
    "state": "open",
    "version": 2,
    "changed": ["assignee_id"],
    "due_at": datetime(2026, 12, 1, tzinfo=UTC),
}


def an_event(kind: type[Event], **data: Any) -> Event:
    return kind.model_validate({"subject": "task", "data": DATA | data})


def audience(kind: type[Event], **data: Any) -> list[str]:
    """Return the audience of an event after its serialisation."""
    sent = an_event(kind, **data).model_dump_json(exclude_none=True)
    return RULES[kind].audience(kind.model_validate_json(sent))


@pytest.mark.parametrize("kind", EVENTS)
def test_event_without_an_assignee_can_be_read(kind: type[Event]) -> None:
    assert audience(kind, assignee_id=None) == (["owner"] if kind is TaskDue else [])


@pytest.mark.parametrize("kind", EVENTS)
def test_assignee_is_notified_of_changes_by_others_and_of_due_tasks(kind: type[Event]) -> None:
    assert audience(kind, assignee_id="ada") == ["ada"]


@pytest.mark.parametrize("kind", [TaskCreated, TaskUpdated, TaskDeleted])
def test_own_change_notifies_nobody(kind: type[Event]) -> None:
    assert audience(kind, assignee_id="ada", actor_id="ada") == []


def test_assignee_is_not_notified_of_changes_that_assign_nothing() -> None:
    assert audience(TaskUpdated, assignee_id="ada", changed=["title", "state"]) == []


def test_title_is_passed_to_the_template_unchanged() -> None:
    for kind in EVENTS:
        told = RULES[kind].content(an_event(kind)).variables
        assert told["title"] == "Call {the} carrier %s"
