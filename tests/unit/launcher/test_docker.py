"""Tests of the calls of `docker compose`, with a test program in the place of Docker."""

import re
from pathlib import Path
from typing import Any

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running import docker
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.members import Members, members_of
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

SETTINGS = {"TIDINGS_MONGODB_URI", "TIDINGS_REDIS_URL", "TIDINGS_CACHE_REDIS_URL"} | {
    "TIDINGS_AMQP_URL"
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    found = Stack("tests", tmp_path / ".tidings" / "stacks" / "tests", Ports(41000))
    found.make_folders()
    return found


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a `docker` first on the PATH that records its arguments and environment."""
    programs = tmp_path / "programs"
    programs.mkdir()
    use_docker(programs / "docker", tmp_path, "exit 0")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return tmp_path


def use_docker(program: Path, folder: Path, end: str) -> None:
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/words\nenv > {folder}/env\n{end}\n')
    program.chmod(0o755)


def members(stack: Stack, **said: Any) -> Members:
    return members_of(stack, Settings(engine="docker", **said))


def words(told: Path) -> str:
    return (told / "words").read_text()


def variables(told: Path) -> dict[str, str]:
    lines = (told / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_containers_are_started_and_waited_for(stack: Stack, told: Path) -> None:
    docker.up(stack, members(stack))
    assert "up --detach --wait rabbitmq redis redis-cache mongodb" in words(told)
    assert f"--project-name tidings-tests-{stack.identity}" in words(told)


def test_external_services_get_no_container(stack: Stack, told: Path) -> None:
    docker.up(stack, members(stack, mongodb_uri="mongodb://elsewhere/"))
    assert words(told).rstrip().endswith("--wait rabbitmq redis redis-cache")


def test_every_variable_of_the_compose_file_is_given(stack: Stack, told: Path) -> None:
    docker.up(stack, members(stack))
    asked = set(re.findall(r"\$\{?(TIDINGS_\w+)", docker.COMPOSE_FILE.read_text()))
    assert asked
    assert asked <= set(variables(told))


def test_containers_get_no_aws_account_of_the_shell(
    stack: Stack, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    docker.up(stack, members(stack))
    assert "AWS_PROFILE" not in variables(told)


def test_data_is_deleted_only_on_request(stack: Stack, told: Path) -> None:
    docker.down(stack, members(stack))
    assert words(told).rstrip().endswith(" down")
    docker.down(stack, members(stack), with_data=True)
    assert words(told).rstrip().endswith(" down --volumes")


def test_failure_is_reported_with_its_log(stack: Stack, told: Path) -> None:
    use_docker(told / "programs" / "docker", told, "echo no space left; exit 1")
    with pytest.raises(LauncherError, match="docker compose up failed") as failed:
        docker.up(stack, members(stack))
    assert "no space left" in "\n".join(failed.value.lines())


def test_missing_docker_is_reported(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(LauncherError, match="docker is missing"):
        docker.up(stack, members(stack))
