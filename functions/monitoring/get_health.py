"""GET /health: whether MongoDB, both Redis services and RabbitMQ answer, and how fast."""

from tidings.monitoring.health import check_services
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.entry.rest import contract_of


@endpoint(contract_of(check_services, also_status=(503,)))
def handler(_request: Request[None]) -> Reply:
    health = check_services()
    status = 503 if health.status == "unhealthy" else 200
    return Reply(health, status=status)
