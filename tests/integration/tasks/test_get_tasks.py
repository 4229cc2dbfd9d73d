"""Lists of tasks: filters, orders and pages, and only accessible tasks."""

import base64
import json
from typing import Any

import pytest

from tests.integration.builders import a_person
from tests.integration.tasks.builders import a_task, a_user, changed
from tidings.platform.errors import RuleRefused
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest
from tidings.tasks.models import Task
from tidings.tasks.operations import delete_task, update_task
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import TaskFilter, TaskSort, TaskView, UpdateTask


def listed(
    caller: Principal, sort: TaskSort = TaskSort.NEWEST, after: str | None = None, **wanted: Any
) -> Page[TaskView]:
    limit = wanted.pop("limit", 100)
    request = PageRequest(limit=limit, page=wanted.pop("page", 1), after=after)
    return get_tasks(request, caller=caller, wanted=TaskFilter.model_validate(wanted), sort=sort)


def titles(caller: Principal, sort: TaskSort = TaskSort.NEWEST, **wanted: Any) -> list[str]:
    return [task.title for task in listed(caller, sort, **wanted).items]


def due(day: int) -> str:
    return f"2026-12-{day:02}T12:00:00Z"


# -------------------------------------------------------------------------- access


def test_customers_list_owned_and_assigned_tasks() -> None:
    ada, bob, operator = a_user(), a_user(), a_person(Role.OPERATOR)
    a_task(ada, title="Ada's")
    a_task(bob, title="Bob's")
    a_task(operator, title="For Ada", assignee_id=ada.user_id)
    a_task(ada, title="Ada's own", assignee_id=ada.user_id)
    assert titles(ada) == ["Ada's own", "For Ada", "Ada's"]
    assert titles(bob) == ["Bob's"]
    assert titles(a_person()) == []
    assert len(titles(operator)) == len(titles(a_person(Role.ADMIN))) == 4


def test_filter_by_assignee_gives_no_further_access() -> None:
    ada, operator = a_user(), a_person(Role.OPERATOR)
    a_task(operator, title="For Ada", assignee_id=ada.user_id)
    assert titles(a_person(), assignee_id=ada.user_id) == []
    assert titles(operator, assignee_id=ada.user_id) == ["For Ada"]


def test_deleted_tasks_are_not_listed() -> None:
    owner = a_person()
    delete_task(a_task(owner).id, caller=owner)
    assert listed(owner).total == 0
    assert titles(a_person(Role.OPERATOR)) == []


# ------------------------------------------------------------------------ filters


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"state": "done"}, ["Done"]),
        ({"priority": "urgent"}, ["Urgent"]),
        ({"label": "red"}, ["Urgent", "Done"]),
        ({"label": "red", "state": "open"}, ["Urgent"]),
        ({"label": "re"}, []),
        ({"due_before": due(2)}, ["Done"]),
        ({"due_after": due(1)}, ["Urgent"]),
        ({"due_after": due(1), "due_before": due(3)}, ["Urgent"]),
        ({"due_after": due(3)}, []),
        ({"text": "URG"}, ["Urgent"]),
        ({"text": "n"}, ["Plain", "Urgent", "Done"]),
        ({"text": ".*"}, []),
        ({"text": "^"}, []),
        ({"text": "\\"}, []),
        ({"text": "("}, []),
        ({"text": "$where"}, []),
    ],
    ids=str,
)
def test_filters_are_combined_with_and(wanted: dict[str, Any], found: list[str]) -> None:
    owner = a_person()
    a_task(owner, title="Done", state="done", due_at=due(1), labels=["red"])
    a_task(owner, title="Urgent", priority="urgent", due_at=due(2), labels=["blue", "red"])
    a_task(owner, title="Plain")
    assert titles(owner, **wanted) == found
    assert listed(owner, **wanted).total == len(found)


def test_text_is_found_in_any_case_and_language() -> None:
    owner = a_person()
    a_task(owner, title="GRÖSSE prüfen (C++)")
    assert titles(owner, text="grösse") == titles(owner, text="(c++)") != []
    assert titles(owner, text="GROSSE") == titles(owner, text="gro\u0308sse") != []


def test_text_is_found_in_every_script_and_follows_a_change() -> None:
    owner = a_person()
    task = a_task(owner, title="दूध और दही")
    a_task(owner, title="दध")
    assert titles(owner, text="दूध") == ["दूध और दही"]
    update_task(task.id, UpdateTask(version=1, title="ﾊﾞｽ"), caller=owner)
    assert titles(owner, text="दूध") == titles(owner, text="パス") == []
    assert titles(owner, text="ばす") == ["ﾊﾞｽ"]


def test_task_of_an_earlier_version_is_found() -> None:
    owner = a_person()
    task = a_task(owner, title="Grün")
    Task.objects(pk=task.id).update_one(unset__title_key=True)
    assert titles(owner, text="GRÜN") == ["Grün"]
    assert titles(owner, text="grun") == []


# ------------------------------------------------------------------------- orders


def three_tasks(owner: Principal) -> None:
    a_task(owner, title="late", due_at=due(9), priority="low")
    a_task(owner, title="never", priority="urgent")
    a_task(owner, title="soon", due_at=due(1), priority="urgent")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (TaskSort.NEWEST, ["soon", "never", "late"]),
        (TaskSort.DUE_AT, ["soon", "late", "never"]),
        (TaskSort.PRIORITY, ["soon", "never", "late"]),
    ],
)
def test_lists_have_the_requested_order(sort: TaskSort, order: list[str]) -> None:
    owner = a_person()
    three_tasks(owner)
    assert titles(owner, sort) == order


# -------------------------------------------------------------------------- pages


@pytest.mark.parametrize("sort", TaskSort)
def test_pages_by_cursor_contain_each_task_once(sort: TaskSort) -> None:
    owner = a_person()
    for number in range(7):
        a_task(owner, due_at=due(1 + number % 2), priority=["low", "high"][number % 2])
    everything = [task.id for task in listed(owner, sort).items]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = listed(owner, sort, after, limit=2)
        seen += [task.id for task in page.items]
        assert page.total == 7
        assert page.has_previous == (after is not None)
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == everything
    assert len(set(seen)) == 7


@pytest.mark.parametrize("sort", TaskSort)
def test_pages_by_number_follow_each_other(sort: TaskSort) -> None:
    owner = a_person()
    three_tasks(owner)
    first, second = listed(owner, sort, limit=2), listed(owner, sort, limit=2, page=2)
    assert [len(first.items), len(second.items)] == [2, 1]
    assert (first.has_next, first.has_previous) == (True, False)
    assert (second.has_next, second.has_previous) == (False, True)


def test_list_by_cursor_is_stable_while_tasks_are_added() -> None:
    owner = a_person()
    three_tasks(owner)
    first = listed(owner, TaskSort.DUE_AT, limit=1)
    a_task(owner, title="sooner", due_at="2026-11-30T12:00:00Z")
    second = listed(owner, TaskSort.DUE_AT, first.cursors[-1])
    assert [task.title for task in second.items] == ["late", "never"]


def cursor(order: str = "", **content: object) -> str:
    return base64.urlsafe_b64encode(f"{order}|{json.dumps(content)}".encode()).decode()


@pytest.mark.parametrize(
    "after",
    [
        "nope",
        "z-_w",
        "",
        cursor(),
        cursor(order="due_at", value={"$gt": ""}, id="x"),
        cursor(order="due_at", value="soon", id="x"),
        cursor(order="due_at", value=10**30, id="x"),
        cursor(order="due_at", value=1.5, id="x"),
        cursor(order="due_at", value="0001-01-01T00:00:00+23:59", id="x"),
        cursor(order="due_at", value=1, id={"$ne": ""}),
        cursor(order="priority_rank", value=1, id="x"),
        cursor(order="due_at", id="x"),
        cursor(order="pk", id="x"),
        cursor(order="owner_id", value=1, id="x"),
        cursor(order="due_at", value=1, id="x", more=1),
    ],
)
def test_cursor_of_another_list_is_refused(after: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        listed(a_person(), TaskSort.DUE_AT, after)
    assert refused.value.field == "after"


def test_cursor_of_another_order_is_refused() -> None:
    owner = a_person()
    three_tasks(owner)
    for sort in TaskSort:
        (other, *_) = (each for each in TaskSort if each is not sort)
        with pytest.raises(RuleRefused):
            listed(owner, sort, listed(owner, other, limit=1).cursors[0])


def test_changed_due_date_moves_a_task_in_its_list() -> None:
    owner = a_person()
    task = a_task(owner, title="first", due_at=due(1))
    a_task(owner, title="second", due_at=due(2))
    changed(task, owner, due_at=due(3))
    assert titles(owner, TaskSort.DUE_AT) == ["second", "first"]
