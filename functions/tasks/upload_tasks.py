"""POST /api/v1/tasks/upload: many tasks from a CSV or JSON lines file."""

from tidings.platform.auth import Role
from tidings.platform.errors import PayloadTooLarge, UnsupportedMediaType
from tidings.platform.http import Reply, Request, endpoint
from tidings.tasks.errors import BadTaskFile, TooManyRows, UploadKeyReused
from tidings.tasks.rows import TaskFile
from tidings.tasks.schemas import UploadHeaders, UploadReport
from tidings.tasks.upload import upload_tasks


@endpoint(
    role=Role.CUSTOMER,
    body=TaskFile,
    headers=UploadHeaders,
    returns=UploadReport,
    refusals=(BadTaskFile, TooManyRows, UploadKeyReused, UnsupportedMediaType, PayloadTooLarge),
)
def handler(request: Request[TaskFile, None, UploadHeaders]) -> Reply:
    key = request.headers.idempotency_key
    return Reply(upload_tasks(request.body, caller=request.caller, idempotency_key=key))
