"""`ENGINE=docker make up`: all services in the containers of infra/docker-compose.yaml.

The launcher writes ports and passwords to an environment file. It deploys as it does to processes,
through the ports that the containers publish on the loopback.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, Settings, inherited_environment
from .credentials import write_private
from .services import containers, monitoring, redis
from .services.members import Members
from .services.runner import front_door
from .stack import Stack

COMPOSE_FILE = ROOT / "infra" / "docker-compose.yaml"
PLAIN_FILE = COMPOSE_FILE.with_name(".env")
"""Compose reads this file without any option; it is for the stack `local`."""
PROFILE = "monitoring"
"""Its services run from `make monitoring` until `make down`."""


def up(stack: Stack, settings: Settings, members: Members) -> None:
    """Start the containers, and wait until all are healthy."""
    if settings.lambda_executor != "process":
        raise LauncherError(
            "ENGINE=docker runs functions in the runner's container",
            hint="unset LAMBDA_RUNTIME_EXECUTOR",
        )
    progress.step("starting the containers (docker compose)")
    redis.write_container_configurations(_files(stack), members.credentials)
    _write_certificate(stack)
    monitoring.write_container_targets(stack, members.credentials, _files(stack) / "targets")
    write_private(_environment_file(stack), render(environment(stack, settings, members)))
    if stack.name == "local" and COMPOSE_FILE.is_relative_to(stack.root):
        write_private(PLAIN_FILE, _environment_file(stack).read_text())
    _compose(stack, ["up", "--detach", "--build", "--wait"])


def down(stack: Stack, *, with_data: bool = False) -> bool:
    """Remove the containers; return whether there were any to remove."""
    if not _environment_file(stack).is_file():
        return False
    profile = ["--profile", PROFILE]
    _compose(stack, [*profile, "down", *(["--volumes"] if with_data else [])])
    return True


def restart(stack: Stack, service: str) -> None:
    """Start a service again in a new container, and wait until it is healthy."""
    _compose(stack, ["up", "--detach", "--wait", "--no-deps", "--force-recreate", service])


def _compose(stack: Stack, arguments: list[str]) -> None:
    docker = shutil.which("docker", path=inherited_environment()["PATH"])
    if docker is None:
        raise LauncherError("docker is missing: install Docker with its compose plugin")
    log = stack.logs / "docker.log"
    where = ["--file", str(COMPOSE_FILE), "--env-file", str(_environment_file(stack))]
    command = [docker, "compose", *where, "--project-name", project(stack)]
    with log.open("w") as output:
        done = subprocess.run(
            [*command, *arguments],
            env=inherited_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise LauncherError(f"docker compose {' '.join(arguments)} failed", log=log)


def project(stack: Stack) -> str:
    return f"tidings-{stack.name}-{stack.identity}"


def environment(stack: Stack, settings: Settings, members: Members) -> dict[str, str]:
    """Return the variables of the compose file."""
    credentials = members.credentials
    return (
        _ports(stack)
        | {
            "COMPOSE_PROJECT_NAME": project(stack),
            "COMPOSE_PROFILES": PROFILE if stack.monitoring_mark.is_file() else "",
            "TIDINGS_PROJECT": project(stack),
            "TIDINGS_STACK_NAME": stack.name,
            "TIDINGS_FILES": str(_files(stack)),
            "TIDINGS_INNER_AMQP_URL": members.of_functions.amqp_url,
            "TIDINGS_INNER_MONGODB_URI": members.of_functions.mongodb_uri,
            "TIDINGS_INNER_REDIS_URL": members.of_functions.redis_url,
            "TIDINGS_INNER_CACHE_REDIS_URL": members.of_functions.cache_redis_url,
            "TIDINGS_CALLS_PER_MINUTE": str(settings.allowed_calls),
            "TIDINGS_RABBITMQ_USER": credentials.rabbitmq_user,
            "TIDINGS_RABBITMQ_PASSWORD": credentials.rabbitmq_password,
            "TIDINGS_REDIS_PASSWORD": credentials.redis_password,
            "TIDINGS_REDIS_CACHE_PASSWORD": credentials.redis_cache_password,
            "TIDINGS_LOG_LEVEL": settings.log_level,
            "TIDINGS_LOCALSTACK_LOG": settings.localstack_log,
            "TIDINGS_FRONT_DOOR": front_door(settings),
            "TIDINGS_LAMBDA_MAX_ENVIRONMENTS": str(settings.lambda_max_environments or ""),
            "TIDINGS_LAMBDA_KEEPALIVE_SECONDS": str(settings.lambda_keepalive_seconds),
        }
        | {
            f"TIDINGS_SCALE_{name.upper().replace('-', '_')}": "0" if url else "1"
            for name, url in containers.urls(settings).items()
        }
    )


def _ports(stack: Stack) -> dict[str, str]:
    ports = stack.ports
    return {
        "TIDINGS_PORT_PUBLIC": str(ports.public),
        "TIDINGS_PORT_RUNNER_METRICS": str(ports.runner_metrics),
        "TIDINGS_PORT_LOCALSTACK": str(ports.localstack),
        "TIDINGS_PORT_BRIDGE": str(ports.bridge),
        "TIDINGS_PORT_LIVE": str(ports.live),
        "TIDINGS_PORT_AMQP": str(ports.amqp),
        "TIDINGS_PORT_RABBITMQ_MANAGEMENT": str(ports.rabbitmq_management),
        "TIDINGS_PORT_RABBITMQ_PROMETHEUS": str(ports.rabbitmq_prometheus),
        "TIDINGS_PORT_REDIS": str(ports.redis),
        "TIDINGS_PORT_REDIS_CACHE": str(ports.redis_cache),
        "TIDINGS_PORT_MONGODB": str(ports.mongodb),
        "TIDINGS_PORT_MAILPIT": str(ports.mailpit),
        "TIDINGS_PORT_PROMETHEUS": str(ports.prometheus),
        "TIDINGS_PORT_GRAFANA": str(ports.grafana),
        "TIDINGS_PORT_JAEGER": str(ports.jaeger),
    }


def render(variables: dict[str, str]) -> str:
    """Return an environment file; between single quotes Compose replaces nothing."""
    for name, value in variables.items():
        if "'" in value or "\n" in value:
            raise LauncherError(f"{name} has a quote or a line break", hint="encode it in the URL")
    lines = [f"{name}='{value}'" for name, value in sorted(variables.items())]
    return "\n".join(["# Written by make for docker compose.", *lines, ""])


def _environment_file(stack: Stack) -> Path:
    return stack.etc / "docker.env"


def _files(stack: Stack) -> Path:
    """Return the folder of files for containers.

    Their users are not this one, so they may read the files. Other users of this machine cannot
    enter the folder above.
    """
    folder = stack.etc / "containers"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def _write_certificate(stack: Stack) -> None:
    copy = _files(stack) / stack.certificate.name
    copy.write_bytes(stack.certificate.read_bytes())
    copy.chmod(0o644)
