"""Each user of Redis uses the right one: the security store, or the cache, which may lose data."""

import ast
from pathlib import Path

import pytest

from tests.contract.project import imported_modules, parsed, python_files, relative

FILES = python_files("layers/tidings", "functions", "gateway")
PLATFORM = "layers/tidings/tidings/platform"

# Security depends on these, so they are stored where nothing is evicted. List a module here only if
# the loss of its data would let a caller in, or make something happen twice.
NEVER_LOST = {
    # Not lost with the ended sessions; read in the same round trip (decision 173).
    f"{PLATFORM}/security/account_generations.py",
    f"{PLATFORM}/security/admission.py",
    "functions/console/sessions/idleness.py",
    "functions/console/sessions/renewal.py",
    f"{PLATFORM}/security/ended_sessions.py",
    f"{PLATFORM}/security/limits.py",
    "layers/tidings/tidings/users/codes.py",
    "layers/tidings/tidings/users/session_store.py",
    "layers/tidings/tidings/users/throttle.py",
    "layers/tidings/tidings/users/trust.py",  # devices that stay admitted despite limits
}
# The loss of this data makes something slower or less exact. Callers decide how much there is.
MAY_BE_LOST = {
    f"{PLATFORM}/providers/breaker.py",
    f"{PLATFORM}/caching/generation.py",
    f"{PLATFORM}/caching/signals.py",
    f"{PLATFORM}/caching/snapshots.py",
    f"{PLATFORM}/caching/write_buffer.py",
    f"{PLATFORM}/messaging/attempts.py",
    f"{PLATFORM}/observability/metrics.py",
    f"{PLATFORM}/security/admission.py",  # the calls of strangers only
    "gateway/kept_answers.py",
    "gateway/persisted.py",
    "layers/tidings/tidings/delivery/status.py",
    "layers/tidings/tidings/monitoring/overview/samples.py",
    "layers/tidings/tidings/products/product_cache.py",
    "layers/tidings/tidings/recommendations/list_cache.py",
    "layers/tidings/tidings/templates/versions.py",
}
# These only check the health of both.
ASK_BOTH = {
    "layers/tidings/tidings/monitoring/domain_health.py",
    "layers/tidings/tidings/monitoring/exposition.py",
    "layers/tidings/tidings/monitoring/health.py",
}
# These open clients.
OPENING = {"RedisService", "redis_connection.RedisService", "redis_connection.connect"}
CONNECTS = {f"{PLATFORM}/storage/redis_connection.py"}


def users_of(module: str) -> set[str]:
    """Return the files that import all or a part of a module of the platform."""
    package, _, name = module.rpartition(".")
    return {relative(path) for path in FILES if _imports(path, package, name)}


def _imports(path: Path, package: str, name: str) -> bool:
    if f"{package}.{name}" in imported_modules(path):
        return True
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == package
        and name in {alias.name for alias in node.names}
        for node in ast.walk(parsed(path))
    )


def calls_of(path: Path) -> set[str]:
    return {ast.unparse(n.func) for n in ast.walk(parsed(path)) if isinstance(n, ast.Call)}


def test_security_data_is_in_the_store() -> None:
    assert users_of("tidings.platform.security.store") == NEVER_LOST | ASK_BOTH


def test_data_that_may_be_lost_is_in_the_cache() -> None:
    assert users_of("tidings.platform.caching.cache") == MAY_BE_LOST | ASK_BOTH


def test_nothing_else_connects_to_redis() -> None:
    connecting = {
        relative(path)
        for path in FILES
        if calls_of(path) & {"redis.Redis", "redis.Redis.from_url", "Redis.from_url", "Redis"}
    }
    assert connecting == CONNECTS


def test_only_the_store_and_the_cache_connect() -> None:
    assert users_of("tidings.platform.storage.redis_connection") <= {
        f"{PLATFORM}/security/store.py",
        f"{PLATFORM}/caching/cache.py",
        "layers/tidings/tidings/monitoring/exposition.py",  # for the type of a result
    }
    connecting = {relative(path) for path in FILES if calls_of(path) & OPENING}
    assert connecting == {f"{PLATFORM}/security/store.py", f"{PLATFORM}/caching/cache.py"}


@pytest.mark.parametrize(
    "text",
    [
        "from tidings.platform.security import keys, store",
        "from tidings.platform.security.store import client",
        "import tidings.platform.security.store",
    ],
)
def test_rule_finds_every_kind_of_import(text: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    assert _imports(path, "tidings.platform.security", "store")
