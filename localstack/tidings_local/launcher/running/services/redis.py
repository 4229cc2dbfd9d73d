"""Both services of Redis, on the loopback, with the stack's own passwords.

`redis` is the security store and never evicts; `redis-cache` may evict everything
(docs/decisions/0088-two-redis-services.md).
"""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ... import progress
from ...settings import ROOT
from ..credentials import Credentials
from ..ports import LOOPBACK
from ..programs import REDIS, location
from ..stack import Stack
from .service import PROBE_TIMEOUT_SECONDS, Service

if TYPE_CHECKING:
    from redis import Redis

STORE = "redis"
CACHE = "redis-cache"
GREETING = b"PING\r\n"
SAFE_POLICY = "noeviction"


def redis(stack: Stack, credentials: Credentials) -> Service:
    return _service(STORE, stack, stack.ports.redis, local_url(stack, credentials))


def redis_cache(stack: Stack, credentials: Credentials) -> Service:
    return _service(CACHE, stack, stack.ports.redis_cache, local_cache_url(stack, credentials))


def local_url(stack: Stack, credentials: Credentials) -> str:
    return _url(credentials.redis_password, stack.ports.redis)


def local_cache_url(stack: Stack, credentials: Credentials) -> str:
    return _url(credentials.redis_cache_password, stack.ports.redis_cache)


def write_configurations(stack: Stack, credentials: Credentials) -> None:
    _write_configuration(STORE, stack, stack.ports.redis, credentials.redis_password)
    _write_configuration(CACHE, stack, stack.ports.redis_cache, credentials.redis_cache_password)


def write_container_configurations(folder: Path, credentials: Credentials) -> None:
    """Write the files of the containers. Any user may read them, but the folder above is private:
    in the container the server's user is another one."""
    passwords = {STORE: credentials.redis_password, CACHE: credentials.redis_cache_password}
    for name, password in passwords.items():
        own = folder / f"{name}.conf"
        own.write_text(_shared(name) + f"bind * -::*\nport 6379\nrequirepass {password}\n")
        own.chmod(0o644)


def probe(url: str) -> str:
    """Return the server's version."""
    with _connected(url) as connection:
        return str(connection.info("server")["redis_version"])


def warn_of_eviction(url: str) -> None:
    """Print a warning if the security store is a server that may evict sessions."""
    with _connected(url) as connection:
        policy = connection.info("memory")["maxmemory_policy"]
    if policy != SAFE_POLICY:
        progress.step(
            f"warning: the Redis of TIDINGS_REDIS_URL may evict sessions and lockout counts:"
            f" its maxmemory-policy is {policy}, set it to {SAFE_POLICY}"
        )


def _connected(url: str) -> contextlib.closing[Redis]:
    from redis import Redis  # takes a third of a second, for which no deployment should wait

    timeout = PROBE_TIMEOUT_SECONDS
    return contextlib.closing(
        Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
    )


def _service(name: str, stack: Stack, port: int, url: str) -> Service:
    return Service(
        name=name,
        command=[location(REDIS), str(_file(name, stack))],
        probe=partial(probe, url),
        greeting=GREETING,
        ports=(port,),
        starts_after=1,
    )


def _url(password: str, port: int) -> str:
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def _file(name: str, stack: Stack) -> Path:
    return stack.etc / f"{name}.conf"


def _write_configuration(name: str, stack: Stack, port: int, password: str) -> None:
    data = stack.data / name
    data.mkdir(mode=0o700, exist_ok=True)
    own = _file(name, stack)
    own.touch(mode=0o600)
    settings = [
        f"bind {LOOPBACK}",
        f"port {port}",
        f'dir "{data}"',
        f"requirepass {password}",
    ]
    own.write_text(_shared(name) + "\n".join(settings) + "\n")


def _shared(name: str) -> str:
    return (ROOT / "infra" / "redis" / f"{name}.conf").read_text()
