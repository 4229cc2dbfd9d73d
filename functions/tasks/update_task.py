"""PATCH /api/v1/tasks/{task_id}: change what is named of a task."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.tasks.errors import AssigningNotAllowed, StaleTask, TaskNotFound, UnknownAssignee
from tidings.tasks.operations import update_task
from tidings.tasks.schemas import TaskView, UpdateTask


@endpoint(
    role=Role.CUSTOMER,
    body=UpdateTask,
    returns=TaskView,
    refusals=(TaskNotFound, StaleTask, AssigningNotAllowed, UnknownAssignee),
)
def handler(request: Request[UpdateTask]) -> Reply:
    return Reply(update_task(request.path["task_id"], request.body, caller=request.caller))
