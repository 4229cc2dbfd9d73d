"""GET /health: do MongoDB, Redis and RabbitMQ answer, and how fast."""

from tidings.operations.health import Health, check_services
from tidings.platform.http import PUBLIC, Reply, Request, endpoint


@endpoint(role=PUBLIC, returns=Health, also_status=(503,))
def handler(_request: Request[None]) -> Reply:
    health = check_services()
    status = 503 if health.status == "unhealthy" else 200
    return Reply(health, status=status, headers={"Cache-Control": "no-store"})
