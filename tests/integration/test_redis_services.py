"""Both Redis services as the launcher configures them, with the real server."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis

from tests.ports import reserve
from tests.waiting import eventually
from tidings_local.launcher.running.credentials import Credentials, load_or_make
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services import redis as services
from tidings_local.launcher.running.services.service import Service
from tidings_local.launcher.running.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("stack with a blank")
    with ExitStack() as kept:
        found = Stack("tests", folder, kept.enter_context(reserved_ports()))
        found.make_folders()
        yield found


@contextmanager
def reserved_ports() -> Iterator[Ports]:
    """Keep the ports of both servers in the first block that has them."""
    for ports in map(Ports, range(43000, 44900, 10)):
        with ExitStack() as kept:
            try:
                for port in (ports.redis, ports.redis_cache):
                    kept.enter_context(reserve(port))
            except OSError:
                continue
            yield ports
            return
    pytest.fail("no block of ports is free")


@pytest.fixture(scope="module")
def credentials(stack: Stack) -> Credentials:
    return load_or_make(stack.folder)


@pytest.fixture(scope="module")
def running(stack: Stack, credentials: Credentials) -> Iterator[dict[str, Service]]:
    """Start both servers."""
    services.write_configurations(stack, credentials)
    wanted = [services.redis(stack, credentials), services.redis_cache(stack, credentials)]
    servers = [
        subprocess.Popen(each.command, cwd=stack.run, stdout=subprocess.DEVNULL) for each in wanted
    ]
    for each in wanted:
        eventually(lambda ready=each: is_ready(ready), what=each.name)  # type: ignore[misc]
    yield {each.name: each for each in wanted}
    for server in servers:
        server.terminate()
        server.wait(60)


def is_ready(service: Service) -> bool:
    try:
        return bool(service.probe())
    except redis.RedisError:
        return False


def test_probe_returns_the_servers_version(running: dict[str, Service]) -> None:
    versions = {each.probe() for each in running.values()}
    (version,) = versions
    assert version[0].isdigit()


@pytest.mark.parametrize("password", ["", "wrong"])
def test_password_is_required(running: dict[str, Service], stack: Stack, password: str) -> None:
    for port in (stack.ports.redis, stack.ports.redis_cache):
        with pytest.raises(redis.AuthenticationError):
            services.probe(f"redis://:{password}@127.0.0.1:{port}/0")


def test_password_of_one_is_refused_by_the_other(
    running: dict[str, Service], stack: Stack, credentials: Credentials
) -> None:
    with pytest.raises(redis.AuthenticationError):
        services.probe(f"redis://:{credentials.redis_password}@127.0.0.1:{stack.ports.redis_cache}")


def test_only_the_cache_causes_a_warning(
    running: dict[str, Service],
    stack: Stack,
    credentials: Credentials,
    capsys: pytest.CaptureFixture[str],
) -> None:
    services.warn_of_eviction(services.local_url(stack, credentials))
    assert capsys.readouterr().out == ""
    services.warn_of_eviction(services.local_cache_url(stack, credentials))
    assert "may evict sessions" in capsys.readouterr().out


def test_data_is_in_separate_folders(
    running: dict[str, Service], stack: Stack, credentials: Credentials
) -> None:
    urls = (
        services.local_url(stack, credentials),
        services.local_cache_url(stack, credentials),
    )
    folders = {redis.Redis.from_url(url).config_get("dir")["dir"] for url in urls}
    assert folders == {str(stack.data / "redis"), str(stack.data / "redis-cache")}


def test_configuration_is_private_and_may_be_written_again(
    running: dict[str, Service], stack: Stack, credentials: Credentials
) -> None:
    before = (stack.etc / "redis.conf").read_text()
    services.write_configurations(stack, credentials)
    assert (stack.etc / "redis.conf").read_text() == before
    assert (stack.etc / "redis.conf").stat().st_mode & 0o077 == 0


def test_unavailable_server_is_an_error(stack: Stack) -> None:
    assert shutil.which("redis-server")
    with pytest.raises(redis.ConnectionError):
        services.probe("redis://:any@127.0.0.1:1/0")
