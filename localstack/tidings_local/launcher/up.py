"""`make up`: from whatever there is to a running stack with the code as it is now."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import bootstrap

from . import docker, programs, progress
from .build import build
from .deploy import deploy, is_deployed
from .errors import LauncherError
from .lifecycle import Startup, startup
from .rules import invoke_rule, rule_names
from .services.members import Members, members_of, needed_programs
from .settings import ROOT, Settings, inherited_environment
from .stack import Stack

RELAY_RULE = "outbox-relay"
"""Publishes the events that a crash left in the outboxes."""

STORAGE = ("rabbitmq", "redis", "mongodb")


def up(stack: Stack, settings: Settings) -> Members:
    """Safe to repeat: does only what is missing."""
    install(settings)
    members = members_of(stack, settings)
    if settings.engine == "docker":
        docker.up(stack, members)
    with startup(stack, members) as attempt, ThreadPoolExecutor(1) as beside:
        built = beside.submit(build)
        attempt.begin()
        for name in STORAGE:
            attempt.wait_for(name)
        if _is_new(attempt, "rabbitmq"):
            declare_topology(members.connections.amqp_url)
        attempt.wait_for("localstack")
        _deploy_if_needed(stack, settings, members, built)
        attempt.wait_for("bridge")
        if attempt.started:
            settle(stack)
    return members


def install(settings: Settings) -> None:
    """Servers by apt-get and Python packages at the same time."""
    own = settings.engine != "docker"
    sets = ["sam"] + (["localstack", "runtime"] if own else [])
    if own and not settings.mongodb_uri:
        sets.append("mongodb")
    needed = needed_programs(settings)
    programs.check(needed)  # what cannot be helped is said before anything is downloaded
    with ThreadPoolExecutor(1) as beside:
        servers = beside.submit(programs.install_missing, needed)
        try:
            bootstrap.ensure(*sets)
        except bootstrap.BootstrapError as error:
            raise LauncherError(str(error)) from None
        servers.result()


def declare_topology(amqp_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tidings_local.topology", "--url", amqp_url],
        env=inherited_environment() | {"PYTHONPATH": str(ROOT / "localstack")},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        problem = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise LauncherError("the RabbitMQ topology cannot be declared", hint=" ".join(problem))


def settle(stack: Stack) -> None:
    """Have the outbox relay finish what a crash interrupted."""
    if RELAY_RULE in rule_names(stack):
        invoke_rule(stack, RELAY_RULE)
        progress.step("published what was left in the outboxes")


def _is_new(attempt: Startup, name: str) -> bool:
    own = {service.name for service in attempt.members.own}
    return name not in own or any(service.name == name for service in attempt.started)


def _deploy_if_needed(
    stack: Stack, settings: Settings, members: Members, built: Future[Path]
) -> None:
    built.result()
    if not is_deployed(stack, settings, members):
        deploy(stack, settings, members)
