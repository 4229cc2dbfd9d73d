"""Decide which services a stack runs itself, and which are external."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...settings import Settings
from ..credentials import Credentials, load_or_make
from ..programs import EPMD, RABBITMQ, REDIS, Program
from ..stack import Stack
from . import containers, localstack, mongodb, monitoring, rabbitmq, redis
from .bridge import bridge
from .connections import Connections, check_url
from .live import live
from .runner import runner
from .service import External, Service


@dataclass(frozen=True)
class Members:
    connections: Connections
    """The addresses for this machine's programs: the launcher and the tests."""
    of_functions: Connections
    """The addresses for functions and the bridge, which may be in containers."""
    credentials: Credentials
    own: list[Service]
    external: list[External]


def needed_programs(settings: Settings) -> list[Program]:
    if settings.engine == "docker":
        return []
    rabbit = [] if settings.amqp_url else [RABBITMQ, EPMD]
    both_given = settings.redis_url and settings.cache_redis_url
    return rabbit + ([] if both_given else [REDIS])


def members_of(stack: Stack, settings: Settings) -> Members:
    stack.make_folders()
    credentials = load_or_make(stack.folder)
    connections = connections_of(stack, settings, credentials)
    _write_configurations(stack, credentials)
    external = _external(settings, connections)
    if settings.engine == "docker":
        inner = containers.inner_connections(settings, credentials)
        external += containers.containers(stack, settings)
        return Members(connections, inner, credentials, [], external)
    own = [
        localstack.localstack(stack, settings),
        runner(stack, settings),
        bridge(stack, settings, connections),
        live(stack, settings, connections),
        *_servers(stack, settings, credentials),
        *monitoring.services(stack, credentials),
    ]
    return Members(connections, connections, credentials, own, external)


def connections_of(stack: Stack, settings: Settings, credentials: Credentials) -> Connections:
    """Return the addresses for this machine's programs, without starting or writing anything."""
    return Connections(
        settings.mongodb_uri or mongodb.local_url(stack, settings),
        settings.redis_url or redis.local_url(stack, credentials),
        settings.cache_redis_url or redis.local_cache_url(stack, credentials),
        settings.amqp_url or rabbitmq.local_url(stack, credentials),
    )


def _write_configurations(stack: Stack, credentials: Credentials) -> None:
    rabbitmq.write_configuration(stack, credentials)
    redis.write_configurations(stack, credentials)
    mongodb.write_configuration(stack)
    localstack.prepare(stack)


def _servers(stack: Stack, settings: Settings, credentials: Credentials) -> list[Service]:
    servers: list[Service] = []
    if not settings.amqp_url:
        servers += [rabbitmq.epmd(stack), rabbitmq.rabbitmq(stack, credentials)]
    if not settings.redis_url:
        servers.append(redis.redis(stack, credentials))
    if not settings.cache_redis_url:
        servers.append(redis.redis_cache(stack, credentials))
    if not settings.mongodb_uri:
        servers.append(mongodb.mongodb(stack, settings))
    return servers


def _external(settings: Settings, connections: Connections) -> list[External]:
    asked: list[tuple[str, str, str | None, str, Callable[[str], str]]] = [
        ("rabbitmq", "TIDINGS_AMQP_URL", settings.amqp_url, connections.amqp_url, rabbitmq.probe),
        (redis.STORE, "TIDINGS_REDIS_URL", settings.redis_url, connections.redis_url, redis.probe),
        (
            redis.CACHE,
            "TIDINGS_CACHE_REDIS_URL",
            settings.cache_redis_url,
            connections.cache_redis_url,
            redis.probe,
        ),
        (
            "mongodb",
            "TIDINGS_MONGODB_URI",
            settings.mongodb_uri,
            connections.mongodb_uri,
            mongodb.probe,
        ),
    ]
    external = []
    for name, variable, given, url, probe in asked:
        if given or settings.engine == "docker":
            check_url(variable, url)
            external.append(External(name, url, variable, probe, is_foreign=bool(given)))
    return external
