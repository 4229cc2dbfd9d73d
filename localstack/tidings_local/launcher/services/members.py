"""Which services a stack runs itself, and which it uses by URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..credentials import Credentials, load_or_make
from ..programs import EPMD, RABBITMQ, REDIS, Program
from ..settings import Settings
from ..stack import Stack
from . import localstack, mongodb, rabbitmq, redis
from .bridge import bridge
from .connections import Connections, check_url
from .service import External, Service


@dataclass(frozen=True)
class Members:
    connections: Connections
    credentials: Credentials
    own: list[Service]
    external: list[External]


def needed_programs(settings: Settings) -> list[Program]:
    if settings.engine == "docker":
        return []
    rabbit = [] if settings.amqp_url else [RABBITMQ, EPMD]
    return rabbit + ([] if settings.redis_url else [REDIS])


def members_of(stack: Stack, settings: Settings) -> Members:
    stack.make_folders()
    credentials = load_or_make(stack.folder)
    connections = Connections(
        settings.mongodb_uri or mongodb.local_url(stack),
        settings.redis_url or redis.local_url(stack, credentials),
        settings.amqp_url or rabbitmq.local_url(stack, credentials),
    )
    _write_configurations(stack, credentials)
    own = [] if settings.engine == "docker" else _servers(stack, settings, credentials)
    own.append(bridge(stack, settings, connections))
    return Members(connections, credentials, own, _external(stack, settings, connections))


def _write_configurations(stack: Stack, credentials: Credentials) -> None:
    rabbitmq.write_configuration(stack, credentials)
    redis.write_configuration(stack, credentials)
    mongodb.write_configuration(stack)
    localstack.prepare(stack)


def _servers(stack: Stack, settings: Settings, credentials: Credentials) -> list[Service]:
    servers = [localstack.localstack(stack, settings)]
    if not settings.amqp_url:
        servers += [rabbitmq.epmd(stack), rabbitmq.rabbitmq(stack, credentials)]
    if not settings.redis_url:
        servers.append(redis.redis(stack, credentials))
    if not settings.mongodb_uri:
        servers.append(mongodb.mongodb(stack))
    return servers


def _external(stack: Stack, settings: Settings, connections: Connections) -> list[External]:
    docker = settings.engine == "docker"
    external = []
    if docker or settings.amqp_url:
        url = connections.amqp_url
        external.append(_checked("rabbitmq", "TIDINGS_AMQP_URL", url, rabbitmq.probe))
    if docker or settings.redis_url:
        external.append(_checked("redis", "TIDINGS_REDIS_URL", connections.redis_url, redis.probe))
    if docker or settings.mongodb_uri:
        url = connections.mongodb_uri
        external.append(_checked("mongodb", "TIDINGS_MONGODB_URI", url, mongodb.probe))
    if docker:
        external.append(External("localstack", stack.endpoint, "", localstack.probe))
    return external


def _checked(name: str, variable: str, url: str, probe: Callable[[str], str]) -> External:
    check_url(variable, url)
    return External(name, url, variable, probe)
