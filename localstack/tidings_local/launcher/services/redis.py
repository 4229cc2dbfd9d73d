"""Redis of the system's package, on the loopback, with the stack's own password."""

from __future__ import annotations

import contextlib
from functools import partial

import redis as client

from ..credentials import Credentials
from ..ports import LOOPBACK
from ..programs import REDIS, location
from ..settings import ROOT
from ..stack import Stack
from .service import PROBE_TIMEOUT_SECONDS, Service


def redis(stack: Stack, credentials: Credentials) -> Service:
    return Service(
        name="redis",
        command=[location(REDIS), str(stack.etc / "redis.conf")],
        probe=partial(probe, local_url(stack, credentials)),
        ports=(stack.ports.redis,),
        starts_after=1,
    )


def local_url(stack: Stack, credentials: Credentials) -> str:
    return f"redis://:{credentials.redis_password}@{LOOPBACK}:{stack.ports.redis}/0"


def write_configuration(stack: Stack, credentials: Credentials) -> None:
    data = stack.data / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    own = stack.etc / "redis.conf"
    own.touch(mode=0o600)
    shared = (ROOT / "infra" / "redis" / "redis.conf").read_text()
    settings = [
        f"bind {LOOPBACK}",
        f"port {stack.ports.redis}",
        f'dir "{data}"',
        f"requirepass {credentials.redis_password}",
    ]
    own.write_text(shared + "\n".join(settings) + "\n")


def probe(url: str) -> str:
    timeout = PROBE_TIMEOUT_SECONDS
    connection = client.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
    with contextlib.closing(connection):
        return str(connection.info("server")["redis_version"])
