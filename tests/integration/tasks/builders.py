"""Builders for tests of tasks."""

from typing import Any

from tests.integration.builders import a_person, an_address
from tidings.platform.security.auth import Principal, Role
from tidings.tasks.models import Task
from tidings.tasks.operations import create_task, update_task
from tidings.tasks.rows import TaskFile
from tidings.tasks.schemas import CreateTask, TaskView, UpdateTask
from tidings.users.models import User


def a_user(role: Role = Role.CUSTOMER) -> Principal:
    """Return a person with an account."""
    user = User(email=an_address(), name="Ada", password_hash="none", role=role.value).save()
    return Principal(user_id=user.id, role=role)


def a_task(owner: Principal | None = None, **values: Any) -> TaskView:
    new = CreateTask.model_validate({"title": "Call the carrier"} | values)
    return create_task(new, caller=owner or a_person())


def changed(task: TaskView, caller: Principal, **values: Any) -> TaskView:
    """Change a task at the version that was read."""
    change = UpdateTask.model_validate({"version": task.version} | values)
    return update_task(task.id, change, caller=caller)


def events_of(task_id: str) -> list[str]:
    """Return the types of the events in a task's outbox."""
    return [entry.type for entry in Task.objects.get(pk=task_id).outbox]


def csv_file(*lines: str) -> TaskFile:
    return TaskFile(media_type="text/csv", content="\n".join(lines))
