"""POST /api/v1/tasks/upload: many tasks from a CSV or JSON lines file."""

from tidings.platform.entry.rest import rest
from tidings.tasks.schemas import UploadHeaders
from tidings.tasks.upload import upload_tasks

handler = rest(upload_tasks, headers=UploadHeaders)
