"""GET /api/v1/monitoring/queues: the depth and throughput of each queue."""

from tidings.monitoring.backlogs import get_queue_stats
from tidings.platform.entry.rest import rest

handler = rest(get_queue_stats)
