"""Health: whether this answers at all, and whether the required services do, and how fast."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool

from tidings.platform.caching import cache
from tidings.platform.logging import logger
from tidings.platform.messaging import queues
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.schema import Schema
from tidings.platform.security import store
from tidings.platform.storage import database

Status = Literal["up", "down"]


def _read(value: object) -> object:
    known = {"1": True, "true": True, "0": False, "false": False}
    return known.get(value, value) if isinstance(value, str) else value


class HealthQuery(Schema):
    """How far to look."""

    model_config = ConfigDict(frozen=True)

    deep: Annotated[StrictBool, BeforeValidator(_read)] = Field(
        default=False, description="`1` or `true`: ask the services; otherwise nothing is asked"
    )


class ServiceHealth(Schema):
    status: Status
    latency_ms: float


class Health(Schema):
    """`degraded`: slower, or events and messages wait; `unhealthy`: requests fail."""

    status: Literal["healthy", "degraded", "unhealthy"]
    services: dict[str, ServiceHealth] = Field(description="empty if none was asked")


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


Probe = Callable[[], object]
Probes = Mapping[str, Probe]


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


def look(wanted: HealthQuery) -> Health:
    """Return the health: of the services if that is wanted, otherwise only that this answers."""
    return check_services() if wanted.deep else Health(status="healthy", services={})


def check_health(*, needed: Probes, dispensable: Probes) -> Health:
    """Call all probes concurrently, and measure their time."""
    probes = {**needed, **dispensable}
    with ThreadPoolExecutor(len(probes)) as threads:
        services = dict(zip(probes, threads.map(_check, probes, probes.values()), strict=True))
    down = {name for name, service in services.items() if service.status == "down"}
    if down & needed.keys():
        return Health(status="unhealthy", services=services)
    return Health(status="degraded" if down else "healthy", services=services)


def _check(name: str, probe: Probe) -> ServiceHealth:
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
