"""Creating, reading, changing and deleting tasks: access and events."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args

import pytest

from tests.integration.builders import a_person, at_once
from tests.integration.tasks.builders import a_task, a_user, changed, events_of
from tidings.platform.context import correlated
from tidings.platform.errors import Forbidden, TidingsError
from tidings.platform.security.auth import PersonRole, Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.tasks.errors import (
    AssigningNotAllowed,
    DeletingNotAllowed,
    StaleTask,
    TaskNotFound,
    UnknownAssignee,
)
from tidings.tasks.models import Task, TaskPriority, TaskState
from tidings.tasks.operations import delete_task, update_task
from tidings.tasks.queries import get_task
from tidings.tasks.schemas import TaskView, UpdateTask

DUE = "2026-12-01T17:00:00Z"


def data_of_last_event(task_id: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Task.objects.get(pk=task_id).outbox[-1].body)["data"]
    return data


def assigned(task: TaskView, assignee: Principal) -> TaskView:
    return changed(task, a_person(Role.OPERATOR), assignee_id=assignee.user_id)


# ----------------------------------------------------------------------- creating


def test_task_is_read_as_it_was_created() -> None:
    owner = a_person()
    task = a_task(
        owner,
        description="About order 4711.",
        priority="high",
        due_at=DUE,
        labels=["carrier", "today"],
        assignee_id=owner.user_id,
    )
    assert get_task(task.id, caller=owner) == task
    assert (task.owner_id, task.version, task.state) == (owner.user_id, 1, TaskState.OPEN)
    assert (task.priority, task.labels) == (TaskPriority.HIGH, ["carrier", "today"])
    assert task.due_at == datetime(2026, 12, 1, 17, tzinfo=UTC)


def test_task_without_a_due_date_has_none() -> None:
    owner = a_person()
    assert get_task(a_task(owner).id, caller=owner).due_at is None


def test_creation_is_announced_in_the_same_write() -> None:
    owner = a_person()
    with correlated("request-7"):
        task = a_task(owner)
    (entry,) = Task.objects.get(pk=task.id).outbox
    assert (entry.type, entry.correlation_id) == ("task.created", "request-7")
    assert data_of_last_event(task.id) == {
        "task_id": task.id,
        "title": task.title,
        "owner_id": owner.user_id,
        "actor_id": owner.user_id,
    }


def test_customers_assign_to_themselves_only() -> None:
    with pytest.raises(AssigningNotAllowed) as refused:
        a_task(a_person(), assignee_id=a_user().user_id)
    assert refused.value.field == "assignee_id"
    assert Task.objects.count() == 0


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_operators_assign_to_any_user(role: Role) -> None:
    assignee = a_user()
    task = a_task(a_person(role), assignee_id=assignee.user_id)
    assert get_task(task.id, caller=assignee).assignee_id == assignee.user_id


def test_unknown_user_cannot_be_assigned() -> None:
    with pytest.raises(UnknownAssignee):
        a_task(a_person(Role.OPERATOR), assignee_id=new_id())
    assert Task.objects.count() == 0


# ------------------------------------------------------------------------ reading


@pytest.mark.parametrize("task_id", ["", "nope", "\x00", "x" * 10_000, "000000000000000000000000"])
def test_unknown_task_is_not_found(task_id: str) -> None:
    for role in get_args(PersonRole):
        with pytest.raises(TaskNotFound):
            get_task(task_id, caller=a_person(role))


def test_other_customers_cannot_read_or_change_a_task() -> None:
    task, stranger = a_task(), a_person()
    with pytest.raises(TaskNotFound):
        get_task(task.id, caller=stranger)
    with pytest.raises(TaskNotFound):
        changed(task, stranger, title="Mine")
    with pytest.raises(TaskNotFound):
        delete_task(task.id, caller=stranger)
    assert get_task(task.id, caller=a_person(Role.OPERATOR)) == task
    assert events_of(task.id) == ["task.created"]


def test_owner_assignee_and_operators_read_and_change_it() -> None:
    owner, assignee = a_person(), a_user()
    task = assigned(a_task(owner), assignee)
    for person in (owner, assignee, a_person(Role.OPERATOR), a_person(Role.ADMIN)):
        task = changed(task, person, title=f"Changed by {person.user_id}")
        assert get_task(task.id, caller=person) == task
    assert task.version == 6


def test_former_assignee_cannot_read_it() -> None:
    assignee = a_user()
    task = assigned(a_task(), assignee)
    changed(task, assignee, assignee_id=None)
    with pytest.raises(TaskNotFound):
        get_task(task.id, caller=assignee)


# ----------------------------------------------------------------------- changing


def test_fields_missing_in_a_change_stay() -> None:
    owner = a_person()
    task = a_task(owner, description="Long", due_at=DUE, labels=["a"], priority="urgent")
    after = changed(task, owner, state="in_progress")
    assert after.updated_at >= task.updated_at
    assert after == task.model_copy(
        update={
            "state": TaskState.IN_PROGRESS,
            "version": 2,
            "updated_at": after.updated_at,
        }
    )


def test_every_field_can_be_changed_and_is_announced() -> None:
    owner = a_person()
    task = a_task(owner, due_at=DUE)
    values: dict[str, Any] = {
        "title": "New",
        "description": "Newer",
        "state": "done",
        "priority": "low",
        "due_at": None,
        "assignee_id": owner.user_id,
        "labels": ["x"],
    }
    after = changed(task, owner, **values)
    assert after.model_dump(mode="json", include=set(values)) == values
    assert get_task(task.id, caller=owner) == after
    data = data_of_last_event(task.id)
    assert data["changed"] == sorted(values)
    assert (data["version"], data["title"], data["state"]) == (2, "New", "done")
    assert data["actor_id"] == owner.user_id


def test_change_without_effect_is_not_announced() -> None:
    owner = a_person()
    task = a_task(owner, labels=["a"], due_at=DUE)
    same = changed(
        task, owner, title=task.title, labels=["a"], due_at=DUE, priority="normal", state="open"
    )
    assert same == task
    assert changed(task, owner) == task
    assert events_of(task.id) == ["task.created"]


def test_old_version_is_a_conflict_and_changes_nothing() -> None:
    owner = a_person()
    task = a_task(owner)
    after = changed(task, owner, title="First")
    with pytest.raises(StaleTask):
        changed(task, owner, title="Second")
    with pytest.raises(StaleTask):
        update_task(task.id, UpdateTask(version=7, title="Third"), caller=owner)
    assert get_task(task.id, caller=owner) == after


def test_of_changes_at_once_one_wins() -> None:
    owner = a_person()
    task = a_task(owner)

    def change(number: int) -> str | None:
        try:
            return changed(task, owner, title=f"By {number}").title
        except StaleTask:
            return None

    titles = [each for each in at_once([partial(change, n) for n in range(8)]) if each]
    assert len(titles) == 1
    after = get_task(task.id, caller=owner)
    assert (after.title, after.version) == (titles[0], 2)
    assert events_of(task.id) == ["task.created", "task.updated"]


def test_customers_cannot_assign_to_others() -> None:
    assignee = a_user()
    task = assigned(a_task(), assignee)
    with pytest.raises(Forbidden):
        changed(task, assignee, assignee_id=a_user().user_id)
    assert get_task(task.id, caller=assignee) == task


def test_customer_may_send_the_current_assignee() -> None:
    owner, assignee = a_person(), a_user()
    task = assigned(a_task(owner), assignee)
    after = changed(task, owner, title="New", assignee_id=assignee.user_id)
    assert (after.title, after.assignee_id) == ("New", assignee.user_id)


# ----------------------------------------------------------------------- deleting


def test_deleted_task_is_not_found_and_announced() -> None:
    owner = a_person()
    task = a_task(owner, description="Secret", labels=["a"], due_at=DUE)
    deletion = delete_task(task.id, caller=owner)
    assert deletion.id == task.id
    for person in (owner, a_person(Role.ADMIN)):
        with pytest.raises(TaskNotFound):
            get_task(task.id, caller=person)
        with pytest.raises(TaskNotFound):
            changed(task, person, title="Back")
        with pytest.raises(TaskNotFound):
            delete_task(task.id, caller=person)
    assert events_of(task.id) == ["task.created", "task.deleted"]
    assert data_of_last_event(task.id)["actor_id"] == owner.user_id


def test_content_of_a_deleted_task_is_removed() -> None:
    owner = a_person()
    task = a_task(owner, title="Secret", description="Secret", labels=["Secret"], due_at=DUE)
    delete_task(task.id, caller=owner)
    tombstone = Task.objects.get(pk=task.id)
    tombstone.outbox = []
    assert "Secret" not in str(tombstone.to_mongo())
    assert tombstone.remind_at is None


def test_assignee_cannot_delete() -> None:
    assignee = a_user()
    task = assigned(a_task(), assignee)
    with pytest.raises(DeletingNotAllowed):
        delete_task(task.id, caller=assignee)
    assert get_task(task.id, caller=assignee) == task


def test_operators_delete_any_task() -> None:
    task = a_task()
    operator = a_person(Role.OPERATOR)
    delete_task(task.id, caller=operator)
    with pytest.raises(TaskNotFound):
        get_task(task.id, caller=operator)


def test_concurrent_deletions_delete_once() -> None:
    owner = a_person()
    task = a_task(owner)

    def delete() -> bool:
        try:
            return bool(delete_task(task.id, caller=owner))
        except TidingsError:
            return False

    assert at_once([delete] * 6).count(True) == 1
    assert events_of(task.id) == ["task.created", "task.deleted"]
