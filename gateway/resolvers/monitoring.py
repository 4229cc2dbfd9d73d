"""The health of the services."""

from typing import Any

from resolvers.binding import resolves
from resolvers.caller import Info
from tidings.monitoring.health import ServiceHealthReport, check_services


@resolves(check_services)
def health(_: Any, info: Info) -> ServiceHealthReport:
    return info.context.health
