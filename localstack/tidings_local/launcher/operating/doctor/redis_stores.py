"""Check both services of Redis: the security store must not evict, and needs free memory."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from ...running.services.redis import SAFE_POLICY
from .finding import Finding, Section, bad, ok, warn
from .installation import Installation, asking

SECONDS = 3
ALMOST_FULL = 0.7


def check_security_store(installation: Installation) -> Finding:
    memory = _memory(installation.connections.redis_url)
    policy, limit = memory["maxmemory_policy"], int(memory["maxmemory"])
    if policy != SAFE_POLICY:
        return bad(
            f"it may evict sessions: maxmemory-policy is {policy}", f"set it to {SAFE_POLICY}"
        )
    if limit and (used := int(memory["used_memory"]) / limit) > ALMOST_FULL:
        return warn(
            f"it is {used:.0%} full",
            "give it more memory (maxmemory)",
            Section.REDIS_IS_ALMOST_FULL,
        )
    return ok("it evicts nothing and has free memory")


def check_cache(installation: Installation) -> Finding:
    memory = _memory(installation.connections.cache_redis_url)
    if int(memory["maxmemory"]) and memory["maxmemory_policy"] == SAFE_POLICY:
        return warn("a full cache refuses entries: maxmemory-policy is noeviction",
                    "set it to allkeys-lru")  # fmt: skip
    return ok("it answers")


def redis_client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


def _memory(url: str) -> dict[str, Any]:
    with asking("Redis", RedisError), closing(redis_client(url)) as redis:
        found: dict[str, Any] = redis.info("memory")
    return found
