"""The health of the services."""

from typing import Any, Final

from resolvers.binding import Resolver, resolves
from resolvers.caller import Info
from tidings.monitoring.health import ServiceHealthReport, check_services


@resolves(check_services)
def health(_: Any, info: Info) -> ServiceHealthReport:
    return info.context.health


QUERIES: Final[dict[str, Resolver]] = {"getServiceHealth": health}
