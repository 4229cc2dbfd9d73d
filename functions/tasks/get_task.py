"""GET /api/v1/tasks/{task_id}: one task."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.tasks.errors import TaskNotFound
from tidings.tasks.queries import get_task
from tidings.tasks.schemas import TaskView


@endpoint(role=Role.CUSTOMER, returns=TaskView, refusals=(TaskNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(get_task(request.path["task_id"], caller=request.caller))
