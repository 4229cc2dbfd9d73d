"""The health of one domain: the services that it uses, and the consumers of its queues."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from tidings.monitoring.errors import UnknownDomain
from tidings.monitoring.health import Health, Probes, check_health
from tidings.platform.caching import cache
from tidings.platform.logging import logger
from tidings.platform.messaging import queues
from tidings.platform.messaging.queue_names import CONSUMED_BY
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.security import store
from tidings.platform.storage import database


class NoConsumer(Exception):
    """A queue is missing, or has no consumer."""


def _check_consumers(names: Sequence[str]) -> None:
    depths = queues.depths_of(names)
    without = [name for name in names if not ((found := depths[name]) and found.consumers)]
    if without:
        logger.warning("queues without consumer: their messages wait", queues=without)
        raise NoConsumer


SECURITY_STORE: Final[Probes] = {"redis": store.ping}
CACHE: Final[Probes] = {"redis_cache": cache.ping}
BROKER: Final[Probes] = {"rabbitmq": queues.ping_broker}
# What each domain can do without, more slowly or later; it needs its database.
SERVICES: Final[Mapping[str, Probes]] = {
    "users": {**SECURITY_STORE, **BROKER},
    "products": CACHE,
    "orders": {},
    "vouchers": {},
    "tasks": BROKER,
    "recommendations": CACHE,
    "templates": {},
    "delivery": {**SECURITY_STORE, **CACHE},  # the store has the limits of text messages
    "notifications": CACHE,
    "campaigns": {},
    "monitoring": {},
}


def probes_of(domain: str) -> Probes:
    """Return the probes of a domain: its services, and whether its queues have consumers."""
    if domain not in CONSUMED_BY:
        return SERVICES[domain]
    return {**SERVICES[domain], "queues": partial(_check_consumers, CONSUMED_BY[domain])}


@operation(role=PUBLIC, refuses=(UnknownDomain,), writes=False)
def check_domain(domain: str) -> Health:
    """Check what one domain uses: MongoDB, Redis, RabbitMQ, and that its queues have consumers.

    Raises:
        UnknownDomain: there is no such domain.
    """
    if domain not in SERVICES:
        raise UnknownDomain
    return check_health(needed={"mongodb": database.ping}, dispensable=probes_of(domain))
