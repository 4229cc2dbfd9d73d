"""`make up ENGINE=docker`: RabbitMQ, Redis and MongoDB in containers."""

from __future__ import annotations

import shutil
import subprocess

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, inherited_environment
from .services.members import Members
from .stack import Stack

COMPOSE_FILE = ROOT / "infra" / "docker-compose.yaml"


def up(stack: Stack, members: Members) -> None:
    progress.step("starting the containers (docker compose)")
    wanted = [external.name for external in members.external if not external.is_foreign]
    _compose(stack, ["up", "--detach", "--wait", *wanted], _environment(stack, members))


def down(stack: Stack, members: Members, *, with_data: bool = False) -> None:
    _compose(stack, ["down", *(["--volumes"] if with_data else [])], _environment(stack, members))


def _compose(stack: Stack, arguments: list[str], environment: dict[str, str]) -> None:
    docker = shutil.which("docker", path=inherited_environment()["PATH"])
    if docker is None:
        raise LauncherError("docker is missing: install Docker with its compose plugin")
    log = stack.logs / "docker.log"
    project = f"tidings-{stack.name}-{stack.identity}"
    command = [docker, "compose", "--file", str(COMPOSE_FILE), "--project-name", project]
    with log.open("w") as output:
        done = subprocess.run(
            [*command, *arguments],
            env=inherited_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise LauncherError(f"docker compose {arguments[0]} failed", log=log)


def _environment(stack: Stack, members: Members) -> dict[str, str]:
    ports, credentials = stack.ports, members.credentials
    return {
        "TIDINGS_PORT_AMQP": str(ports.amqp),
        "TIDINGS_PORT_RABBITMQ_MANAGEMENT": str(ports.rabbitmq_management),
        "TIDINGS_PORT_RABBITMQ_PROMETHEUS": str(ports.rabbitmq_prometheus),
        "TIDINGS_PORT_REDIS": str(ports.redis),
        "TIDINGS_PORT_REDIS_CACHE": str(ports.redis_cache),
        "TIDINGS_PORT_MONGODB": str(ports.mongodb),
        "TIDINGS_RABBITMQ_USER": credentials.rabbitmq_user,
        "TIDINGS_RABBITMQ_PASSWORD": credentials.rabbitmq_password,
        "TIDINGS_REDIS_PASSWORD": credentials.redis_password,
        "TIDINGS_REDIS_CACHE_PASSWORD": credentials.redis_cache_password,
    }
