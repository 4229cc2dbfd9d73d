"""GET /api/v1/monitoring/queues: the state, depth and throughput of each queue."""

from tidings.monitoring.overview.queues import get_queue_stats
from tidings.platform.entry.rest import rest

handler = rest(get_queue_stats)
