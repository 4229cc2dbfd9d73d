"""GET /api/v1/tasks: the tasks that the caller owns or is assigned to; for operators all."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import GetTasks, TaskView


@endpoint(role=Role.CUSTOMER, query=GetTasks, returns=list[TaskView])
def handler(request: Request[None, GetTasks]) -> Reply:
    query = request.query
    return Reply.of_page(get_tasks(query, caller=request.caller, wanted=query, sort=query.sort))
