"""Deep health: do the services that Tidings stands on answer, and how fast."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import BaseModel

from tidings.platform import cache, database, queues
from tidings.platform.logging import logger

Status = Literal["up", "down"]


class ServiceHealth(BaseModel):
    status: Status
    latency_ms: float


class Health(BaseModel):
    """`degraded`: slower, or events wait in their outboxes; `unhealthy`: requests fail."""

    status: Literal["healthy", "degraded", "unhealthy"]
    services: dict[str, ServiceHealth]


class ServiceState(BaseModel):
    name: str
    up: bool
    latency_ms: float


class ServiceHealthReport(BaseModel):
    """The same as a list, for GraphQL, which has no maps."""

    status: str
    services: list[ServiceState]

    @classmethod
    def of(cls, health: Health) -> "ServiceHealthReport":
        states = [
            ServiceState(name=name, up=each.status == "up", latency_ms=each.latency_ms)
            for name, each in health.services.items()
        ]
        return cls(status=health.status, services=states)


Probes = Mapping[str, Callable[[], object]]


def check_services() -> Health:
    """Ask MongoDB, without which nothing goes, and Redis and RabbitMQ."""
    return check_health(
        needed={"mongodb": database.ping},
        dispensable={"redis": cache.ping, "rabbitmq": queues.ping_broker},
    )


def check_health(*, needed: Probes, dispensable: Probes) -> Health:
    """Ask all services at once for a sign of life and time them."""
    probes = {**needed, **dispensable}
    with ThreadPoolExecutor(len(probes)) as threads:
        services = dict(zip(probes, threads.map(_check, probes, probes.values()), strict=True))
    down = {name for name, service in services.items() if service.status == "down"}
    if down & needed.keys():
        return Health(status="unhealthy", services=services)
    return Health(status="degraded" if down else "healthy", services=services)


def _check(name: str, probe: Callable[[], object]) -> ServiceHealth:
    started = time.perf_counter()
    status: Status = "up"
    try:
        probe()
    except Exception as error:  # noqa: BLE001 (whatever it is, the service is not healthy)
        logger.warning("service is down", probe=name, reason=type(error).__name__)
        status = "down"
    return ServiceHealth(status=status, latency_ms=round((time.perf_counter() - started) * 1000, 1))
