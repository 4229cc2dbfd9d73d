"""GET /api/v1/monitoring/queues: what waits in each queue, and how fast it is handled."""

from tidings.operations.backlogs import get_queue_stats
from tidings.operations.schemas import QueueStats
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.OPERATOR, returns=tuple[QueueStats, ...])
def handler(_request: Request[None]) -> Reply:
    return Reply(get_queue_stats())
