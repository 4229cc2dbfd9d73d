"""DELETE /api/v1/tasks/{task_id}: delete a task."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.tasks.errors import DeletingNotAllowed, TaskNotFound
from tidings.tasks.operations import delete_task
from tidings.tasks.schemas import TaskDeletion


@endpoint(role=Role.CUSTOMER, returns=TaskDeletion, refusals=(TaskNotFound, DeletingNotAllowed))
def handler(request: Request[None]) -> Reply:
    deleted = delete_task(request.path["task_id"], caller=request.caller)
    return Reply(deleted, message="The task is gone.")
