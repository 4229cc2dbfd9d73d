"""The services that a stack runs itself depend on the URLs that are set."""

from dataclasses import astuple
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.members import Members, members_of, needed_programs
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

ALWAYS = {"localstack", "runner", "bridge", "live"}
URLS = {
    "mongodb_uri": "mongodb://elsewhere:27017/",
    "redis_url": "redis://elsewhere:6379/0",
    "cache_redis_url": "redis://elsewhere:6380/0",
    "amqp_url": "amqp://me:secret@elsewhere:5672/",
}
SERVICES = {
    "mongodb_uri": {"mongodb"},
    "redis_url": {"redis"},
    "cache_redis_url": {"redis-cache"},
    "amqp_url": {"rabbitmq", "epmd"},
}
EVERY = set().union(*SERVICES.values())
CONTAINERS = ALWAYS | EVERY - {"epmd"} | {"mailpit"}


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables in which `make test` passes the addresses of the stack under test."""
    for setting in URLS:
        monkeypatch.delenv(f"TIDINGS_{setting.upper()}", raising=False)
    monkeypatch.delenv("TIDINGS_SMTP_URL", raising=False)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("tests", tmp_path / ".tidings" / "stacks" / "tests", Ports(41000))


def members(stack: Stack, **said: Any) -> Members:
    return members_of(stack, Settings(**said))


def names(of: Members) -> set[str]:
    return {each.name for each in of.own}


def test_without_urls_all_services_are_its_own(stack: Stack) -> None:
    found = members(stack)
    assert names(found) == ALWAYS | EVERY
    assert found.external == []


@pytest.mark.parametrize("setting", sorted(URLS))
def test_service_with_a_url_is_external(stack: Stack, setting: str) -> None:
    found = members(stack, **{setting: URLS[setting]})
    assert names(found) == ALWAYS | EVERY - SERVICES[setting]
    (external,) = found.external
    assert (external.url, external.is_foreign) == (URLS[setting], True)
    assert external.variable == f"TIDINGS_{setting.upper()}"


def test_with_all_urls_it_runs_none(stack: Stack) -> None:
    found = members(stack, **URLS)
    assert names(found) == ALWAYS
    assert {each.url for each in found.external} == set(URLS.values())


def test_containers_are_neither_own_nor_external(stack: Stack) -> None:
    found = members(stack, engine="docker")
    assert names(found) == set()
    assert {each.is_foreign for each in found.external} == {False}
    assert {each.name for each in found.external} == CONTAINERS


def test_containers_reach_each_other_by_name_and_programs_by_the_loopback(stack: Stack) -> None:
    found = members(stack, engine="docker")
    inside, outside = found.of_functions, found.connections
    assert [urlsplit(each).hostname for each in astuple(inside)] == [
        "mongodb",
        "redis",
        "redis-cache",
        "rabbitmq",
    ]
    assert {urlsplit(each).hostname for each in astuple(outside)} == {"127.0.0.1"}
    assert inside.broker_login == outside.broker_login
    assert members(stack).of_functions == members(stack).connections


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("amqp_url", "amqp://me:secret@127.0.0.1:5672/"),
        ("redis_url", "redis://localhost:6379/0"),
        ("cache_redis_url", "redis://[::1]:6379/0"),
        ("mongodb_uri", "mongodb://127.8.9.1:27017/"),
        ("smtp_url", "smtp://localhost:25"),
    ],
)
def test_loopback_is_refused_for_containers(stack: Stack, setting: str, url: str) -> None:
    with pytest.raises(LauncherError, match="cannot reach") as told:
        members(stack, engine="docker", **{setting: url})
    assert told.value.lines()[0].startswith(f"TIDINGS_{setting.upper()}")
    assert "secret" not in "".join(told.value.lines())


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("amqp_url", "http://elsewhere/"),
        ("redis_url", "elsewhere:6379"),
        ("mongodb_uri", "elsewhere"),
        ("cache_redis_url", "amqp://elsewhere/"),
    ],
)
def test_url_of_another_kind_is_refused_with_the_name_of_its_variable(
    stack: Stack, setting: str, url: str
) -> None:
    with pytest.raises(LauncherError) as told:
        members(stack, **{setting: url})
    assert told.value.lines()[0].startswith(f"TIDINGS_{setting.upper()}")


def test_passwords_stay_the_same(stack: Stack) -> None:
    first, second = members(stack), members(stack)
    assert first.connections == second.connections
    assert first.credentials == second.credentials


def test_ports_of_the_services_are_in_the_stacks_block_and_differ(stack: Stack) -> None:
    taken = [port for each in members(stack).own for port in each.ports]
    assert len(taken) == len(set(taken))
    assert all(41000 <= port < 41010 or port >= 50000 for port in taken)


def test_written_configurations_are_private(stack: Stack) -> None:
    members(stack)
    files = [path for path in stack.etc.rglob("*") if path.is_file()]
    with_secrets = [path for path in files if "password" in path.read_text().lower()]
    assert with_secrets
    assert {path.stat().st_mode & 0o077 for path in with_secrets} == {0}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, {"rabbitmq-server", "redis-server", "epmd"}),
        ({"amqp_url": URLS["amqp_url"]}, {"redis-server"}),
        ({"redis_url": URLS["redis_url"]}, {"rabbitmq-server", "redis-server", "epmd"}),
        (URLS, set()),
        ({"engine": "docker"}, set()),
    ],
)
def test_programs_are_needed_for_its_own_services_only(
    said: dict[str, Any], wanted: set[str]
) -> None:
    assert {each.name for each in needed_programs(Settings(**said))} == wanted
