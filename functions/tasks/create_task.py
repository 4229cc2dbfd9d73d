"""POST /api/v1/tasks: add a task."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.tasks.errors import AssigningNotAllowed, UnknownAssignee
from tidings.tasks.operations import create_task
from tidings.tasks.schemas import CreateTask, TaskView


@endpoint(
    role=Role.CUSTOMER,
    body=CreateTask,
    returns=TaskView,
    status=201,
    refusals=(AssigningNotAllowed, UnknownAssignee),
)
def handler(request: Request[CreateTask]) -> Reply:
    return Reply(create_task(request.body, caller=request.caller), message="The task is noted.")
