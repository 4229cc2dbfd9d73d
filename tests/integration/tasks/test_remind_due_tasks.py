"""The assignee of a due task is notified once for each due date."""

import contextvars
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.builders import CONTEXT, Queues, a_person, a_reader, at_once
from tests.integration.tasks.builders import a_task, a_user, changed
from tidings.notifications.notifying import notify
from tidings.notifications.queries import get_user_notifications
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.job_runs import DONE_BEFORE
from tidings.platform.storage.pagination import PageRequest
from tidings.tasks import reminders
from tidings.tasks.events import TaskDue
from tidings.tasks.models import Task
from tidings.tasks.operations import delete_task
from tidings.tasks.queries import get_task
from tidings.tasks.reminders import remind_due_tasks

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def due_events(task_id: str) -> list[TaskDue]:
    entries = Task.objects.get(pk=task_id).outbox
    return [TaskDue.model_validate_json(e.body) for e in entries if e.type == "task.due"]


def inbox(person: Principal) -> list[str]:
    page = get_user_notifications(person.user_id, PageRequest.model_validate({}), caller=person)
    return [each.kind for each in page.items]


def test_due_task_is_announced_once() -> None:
    task = a_task(due_at=NOON)
    assert remind_due_tasks(NOON - HOUR) == 0
    assert remind_due_tasks(NOON) == 1
    assert remind_due_tasks(NOON) == 0
    assert remind_due_tasks(NOON + 24 * HOUR) == 0
    (event,) = due_events(task.id)
    assert (event.data.task_id, event.data.due_at) == (task.id, NOON)


def test_missed_hour_is_caught_up() -> None:
    a_task(due_at=NOON)
    assert remind_due_tasks(NOON + 48 * HOUR) == 1


def test_reminder_changes_no_version() -> None:
    owner = a_person()
    task = a_task(owner, due_at=NOON)
    remind_due_tasks(NOON)
    assert get_task(task.id, caller=owner) == task
    assert changed(task, owner, title="New").version == 2


@pytest.mark.parametrize("state", ["done", "cancelled"])
def test_finished_tasks_are_not_announced(state: str) -> None:
    owner = a_person()
    a_task(owner, due_at=NOON, state=state)
    changed(a_task(owner, due_at=NOON), owner, state=state)
    a_task(owner)
    delete_task(a_task(owner, due_at=NOON).id, caller=owner)
    changed(a_task(owner, due_at=NOON), owner, due_at=None)
    assert remind_due_tasks(NOON) == 0


def test_new_due_date_is_announced_again() -> None:
    owner = a_person()
    task = a_task(owner, due_at=NOON)
    remind_due_tasks(NOON)
    changed(task, owner, due_at=NOON + HOUR)
    assert remind_due_tasks(NOON) == 0
    assert remind_due_tasks(NOON + HOUR) == 1
    assert [event.data.due_at for event in due_events(task.id)] == [NOON, NOON + HOUR]


def test_changed_task_is_not_announced_again() -> None:
    owner = a_person()
    task = a_task(owner, due_at=NOON)
    remind_due_tasks(NOON)
    changed(task, owner, state="in_progress", priority="high", due_at=NOON)
    assert remind_due_tasks(NOON) == 0


def test_reopened_task_is_not_announced_again() -> None:
    owner = a_reader()
    task = a_task(owner, due_at=NOON)
    remind_due_tasks(NOON)
    done = changed(task, owner, state="done")
    changed(done, owner, state="open")
    remind_due_tasks(NOON)
    events = due_events(task.id)
    for event in events:
        notify(event)
    assert len({event.id for event in events}) == 1
    assert inbox(owner) == ["task.due"]


def test_assignee_is_notified_or_else_the_owner() -> None:
    owner, assignee, operator = a_reader(), a_user(), a_person(Role.OPERATOR)
    own = a_task(owner, due_at=NOON)
    given = a_task(operator, due_at=NOON, assignee_id=assignee.user_id)
    remind_due_tasks(NOON)
    for task in (own, given):
        for event in due_events(task.id):
            notify(event)
    assert (inbox(owner), inbox(assignee), inbox(operator)) == (["task.due"], ["task.due"], [])


def test_concurrent_jobs_announce_each_task_once(queues: Queues) -> None:
    tasks = {a_task(due_at=NOON).id for _ in range(12)}
    take_stored()

    def job() -> int:
        return contextvars.Context().run(remind_due_tasks, NOON)

    assert sum(at_once([job] * 4)) == 12
    counts = Counter(task_id for task_id in tasks for _ in due_events(task_id))
    assert counts == Counter(tasks)


def test_rounds_continue_until_all_are_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "TASKS_PER_ROUND", 3)
    for _ in range(8):
        a_task(due_at=NOON)
    assert remind_due_tasks(NOON) == 8


def test_remaining_tasks_are_left_to_the_next_hour() -> None:
    a_task(due_at=NOON)
    assert remind_due_tasks(NOON, seconds=0) == 0
    assert remind_due_tasks(NOON + HOUR) == 1


def test_job_publishes_its_events(queues: Queues) -> None:
    from tasks.remind_due_tasks import handler

    task = a_task(due_at=NOON)
    publish_stored()
    queues.take_all("notifications")
    event = {"id": "rule-1", "time": "2026-12-01T12:00:00Z"}
    assert handler(event, CONTEXT) == {"tasks_announced": 1}
    assert handler(event, CONTEXT) == DONE_BEFORE
    (message,) = queues.take("notifications", 1)
    assert message.event["type"] == "task.due"
    assert message.event["subject"] == task.id
    assert json.loads(message.body)["correlationid"] == "rule-1"
