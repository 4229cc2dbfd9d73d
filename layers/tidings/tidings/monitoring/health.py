"""Deep health check: whether the required services answer, and how fast."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from tidings.platform.caching import cache
from tidings.platform.logging import logger
from tidings.platform.messaging import queues
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.schema import Schema
from tidings.platform.security import store
from tidings.platform.storage import database

Status = Literal["up", "down"]


class ServiceHealth(Schema):
    status: Status
    latency_ms: float


class Health(Schema):
    """`degraded`: slower, or events wait in their outboxes; `unhealthy`: requests fail."""

    status: Literal["healthy", "degraded", "unhealthy"]
    services: dict[str, ServiceHealth]


class ServiceState(Schema):
    name: str
    up: bool
    latency_ms: float


class ServiceHealthReport(Schema):
    """The same as a list for GraphQL, which has no maps."""

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


@operation(role=PUBLIC, writes=False)
def check_services() -> Health:
    """Check MongoDB, which every request needs, and both Redis services and RabbitMQ."""
    return check_health(
        needed={"mongodb": database.ping},
        dispensable={
            "redis": store.ping,
            "redis_cache": cache.ping,
            "rabbitmq": queues.ping_broker,
        },
    )


def check_health(*, needed: Probes, dispensable: Probes) -> Health:
    """Call all probes concurrently, and measure their time."""
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
    except Exception as error:  # noqa: BLE001 (any error means that the service is down)
        logger.warning(
            "health check failed: service is down", probe=name, reason=type(error).__name__
        )
        status = "down"
    return ServiceHealth(status=status, latency_ms=round((time.perf_counter() - started) * 1000, 1))
