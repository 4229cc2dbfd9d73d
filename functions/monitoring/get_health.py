"""GET /health: that this answers; with `?deep=1` also whether the services do, and how fast."""

from tidings.monitoring.health import Health, HealthQuery, check_services, look
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.entry.rest import contract_of


@endpoint(contract_of(check_services, query=HealthQuery, also_status=(503,)))
def handler(request: Request[None, HealthQuery]) -> Reply:
    health: Health = look(request.query)
    return Reply(health, status=503 if health.status == "unhealthy" else 200)
