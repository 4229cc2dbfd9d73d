"""`make up`: start or repair the stack, with the current code."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import bootstrap

from .. import progress
from ..deploying.build import build
from ..deploying.deploy import deploy, is_deployed
from ..errors import LauncherError
from ..operating.rules import invoke_rule, rule_names
from ..settings import Settings
from . import docker, programs
from .exposure import check_listeners
from .lifecycle import startup
from .services import redis
from .services.members import Members, members_of, needed_programs
from .stack import Stack

RELAY_RULE = "outbox-relay"
"""The rule that publishes the events that a crash left in the outboxes."""

STORAGE = ("rabbitmq", redis.STORE, redis.CACHE, "mongodb")


def up(
    stack: Stack, settings: Settings, *, on_services: Callable[[Members], object] | None = None
) -> Members:
    """Start the missing parts of the stack; can be repeated.

    Args:
        on_services: called when the services answer, before the code is deployed to them.
    """
    install(settings)
    members = members_of(stack, settings)
    if settings.engine == "docker":
        docker.up(stack, settings, members)
    with startup(stack, members) as attempt, ThreadPoolExecutor(1) as beside:
        built = beside.submit(build)
        attempt.begin()
        for name in STORAGE:
            attempt.wait_for(name)
        redis.warn_of_eviction(members.connections.redis_url)
        attempt.wait_for("localstack")
        attempt.wait_for("runner")
        check_listeners(stack)  # before LocalStack gets any secret
        if on_services is not None:
            on_services(members)
        built.result()
        if not is_deployed(stack, settings, members):
            deploy(stack, settings, members)
        attempt.wait_for("bridge")
        attempt.wait_for("live")
        settle(stack, quietly=not attempt.started)
        check_listeners(stack)
    return members


def install(settings: Settings) -> None:
    """Install servers by apt-get and Python packages at the same time."""
    sets = ["sam", "localstack", "runtime", "live"]
    if settings.engine != "docker" and not settings.mongodb_uri:
        sets.append("mongodb")
    needed = needed_programs(settings)
    programs.check(needed)  # report errors that cannot be fixed before anything is downloaded
    with ThreadPoolExecutor(1) as beside:
        servers = beside.submit(programs.install_missing, needed)
        try:
            bootstrap.ensure(*sets)
        except bootstrap.BootstrapError as error:
            raise LauncherError(str(error)) from None
        servers.result()


def settle(stack: Stack, *, quietly: bool) -> None:
    """Run the outbox relay once, which publishes the remaining events of a crash."""
    if RELAY_RULE in rule_names(stack):
        invoke_rule(stack, RELAY_RULE)
        if not quietly:
            progress.step("published the events that waited in the outboxes")
