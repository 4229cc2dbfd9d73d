"""GET /health/{domain}: whether what a domain uses answers, and how fast."""

from tidings.monitoring.domain_health import check_domain
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.entry.rest import contract_of


@endpoint(contract_of(check_domain, also_status=(503,)))
def handler(request: Request[None]) -> Reply:
    health = check_domain(request.path["domain"])
    return Reply(health, status=503 if health.status == "unhealthy" else 200)
