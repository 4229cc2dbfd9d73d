"""Tests of the calls of `docker compose`, with a test program in the place of Docker."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running import docker
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.containers import STORES
from tidings_local.launcher.running.services.members import members_of
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

OWN_VARIABLES = {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"}
MODE_BITS = 0o777


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    for name in STORES.values():
        monkeypatch.delenv(name, raising=False)
    return named("tests", tmp_path)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a `docker` first on the PATH that records its arguments and environment."""
    programs = tmp_path / "programs"
    programs.mkdir()
    use_docker(programs / "docker", tmp_path, "exit 0")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    # The clone of the tests may have a running stack `local` with a file of its own.
    monkeypatch.setattr(docker, "COMPOSE_FILE", tmp_path / "infra" / "docker-compose.yaml")
    monkeypatch.setattr(docker, "PLAIN_FILE", tmp_path / "infra" / ".env")
    (tmp_path / "infra").mkdir()
    return tmp_path


def named(name: str, folder: Path) -> Stack:
    found = Stack(name, folder / ".tidings" / "stacks" / name, Ports(41000))
    found.make_folders()
    return found


def use_docker(program: Path, folder: Path, end: str) -> None:
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/words\nenv > {folder}/env\n{end}\n')
    program.chmod(0o755)


def up(stack: Stack, **said: Any) -> None:
    settings = Settings(engine="docker", **said)
    docker.up(stack, settings, members_of(stack, settings))


def words(told: Path) -> str:
    return (told / "words").read_text()


def environment_file(stack: Stack) -> Path:
    return stack.etc / "docker.env"


def variables(stack: Stack) -> dict[str, str]:
    lines = environment_file(stack).read_text().splitlines()
    found = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert all(value[0] == value[-1] == "'" for value in found.values())
    return {name: value[1:-1] for name, value in found.items()}


def test_containers_are_built_started_and_waited_for(stack: Stack, told: Path) -> None:
    up(stack)
    assert words(told).rstrip().endswith("up --detach --build --wait")
    assert f"--env-file {environment_file(stack)}" in words(told)
    assert f"--project-name tidings-tests-{stack.identity}" in words(told)


@pytest.mark.parametrize(
    ("setting", "url", "name"),
    [
        ("mongodb_uri", "mongodb://elsewhere/", "MONGODB"),
        ("redis_url", "redis://elsewhere/0", "REDIS"),
        ("cache_redis_url", "redis://elsewhere/0", "REDIS_CACHE"),
        ("amqp_url", "amqp://elsewhere/", "RABBITMQ"),
        ("smtp_url", "smtp://elsewhere:25", "MAILPIT"),
    ],
)
def test_external_services_get_no_container(
    stack: Stack, told: Path, setting: str, url: str, name: str
) -> None:
    up(stack, **{setting: url})
    scales = {key: each for key, each in variables(stack).items() if "_SCALE_" in key}
    assert {key for key, each in scales.items() if each == "0"} == {f"TIDINGS_SCALE_{name}"}
    assert len(scales) == len(STORES)


def test_exactly_the_variables_of_the_compose_file_are_given(
    stack: Stack, told: Path, request: pytest.FixtureRequest
) -> None:
    up(stack)
    compose_file = request.config.rootpath / "infra" / "docker-compose.yaml"
    asked = set(re.findall(r"\$\{?(TIDINGS_\w+)", compose_file.read_text()))
    assert asked
    assert variables(stack).keys() == asked | OWN_VARIABLES


def test_docker_gets_no_secret_on_its_command_line(stack: Stack, told: Path) -> None:
    up(stack)
    secrets = {each for key, each in variables(stack).items() if key.endswith("PASSWORD")}
    assert len(secrets) == 3
    assert not any(each in words(told) for each in secrets)
    assert environment_file(stack).stat().st_mode & MODE_BITS == 0o600


def test_files_of_containers_are_readable_in_a_private_folder(stack: Stack, told: Path) -> None:
    up(stack)
    folder = stack.etc / "containers"
    assert {each.name for each in folder.iterdir()} == {
        "redis.conf",
        "redis-cache.conf",
        "localhost.pem",
        "targets",
    }
    assert all(each.stat().st_mode & 0o004 for each in folder.iterdir())
    assert stack.etc.stat().st_mode & 0o077 == 0
    security_store = (folder / "redis.conf").read_text()
    assert variables(stack)["TIDINGS_REDIS_PASSWORD"] in security_store
    assert "noeviction" in security_store
    assert "appendonly yes" in security_store
    assert "allkeys-lru" in (folder / "redis-cache.conf").read_text()


def test_monitoring_is_a_profile_of_a_stack_that_asked_for_it(stack: Stack, told: Path) -> None:
    up(stack)
    assert variables(stack)["COMPOSE_PROFILES"] == ""
    stack.monitoring_mark.touch()
    up(stack)
    assert variables(stack)["COMPOSE_PROFILES"] == "monitoring"


def test_prometheus_gets_the_containers_addresses(stack: Stack, told: Path) -> None:
    up(stack)
    targets = stack.etc / "containers" / "targets"
    found = {each.stem: json.loads(each.read_text()) for each in targets.glob("*.json")}
    addresses = {job: each[0]["targets"][0].split(":")[0] for job, each in found.items()}
    assert addresses == {
        "functions": "runner",
        "runner": "runner",
        "bridge": "bridge",
        "live": "live",
        "rabbitmq": "rabbitmq",
    }
    assert all(each.stat().st_mode & 0o004 for each in (targets, *targets.iterdir()))


def test_plain_compose_gets_the_variables_of_the_stack_local(told: Path, stack: Stack) -> None:
    up(stack)
    assert not docker.PLAIN_FILE.exists()
    local = named("local", told)
    up(local)
    assert docker.PLAIN_FILE.read_text() == environment_file(local).read_text()
    assert docker.PLAIN_FILE.stat().st_mode & MODE_BITS == 0o600


def test_values_are_literal_or_refused() -> None:
    assert "X='a$b c'" in docker.render({"X": "a$b c"})
    for value in ("it's", "two\nlines"):
        with pytest.raises(LauncherError, match="X has a quote or a line break"):
            docker.render({"X": value})


def test_containers_get_no_aws_account_of_the_shell(
    stack: Stack, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    up(stack)
    assert "AWS_PROFILE" not in (told / "env").read_text()


def test_functions_in_containers_of_their_own_are_refused(stack: Stack, told: Path) -> None:
    with pytest.raises(LauncherError, match="runner's container"):
        up(stack, lambda_executor="docker")
    assert not (told / "words").exists()


def test_localstack_gets_a_new_container_alone(stack: Stack, told: Path) -> None:
    docker.restart(stack, "localstack")
    assert words(told).rstrip().endswith("--wait --no-deps --force-recreate localstack")


def test_data_is_deleted_only_on_request(stack: Stack, told: Path) -> None:
    up(stack)
    assert docker.down(stack)
    assert words(told).rstrip().endswith(" --profile monitoring down")
    assert docker.down(stack, with_data=True)
    assert words(told).rstrip().endswith(" down --volumes")


def test_stack_that_never_had_containers_needs_no_docker(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert not docker.down(stack)


def test_failure_is_reported_with_its_log(stack: Stack, told: Path) -> None:
    use_docker(told / "programs" / "docker", told, "echo no space left; exit 1")
    with pytest.raises(LauncherError, match=r"docker compose up .* failed") as failed:
        up(stack)
    assert "no space left" in "\n".join(failed.value.lines())


def test_missing_docker_is_reported(
    stack: Stack, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(told / "nothing"))
    with pytest.raises(LauncherError, match="docker is missing"):
        up(stack)
