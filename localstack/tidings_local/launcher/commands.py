"""One function for each make target; returns the exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable

import bootstrap

from . import docker, progress
from .admin import create_admin
from .bench import run_benchmarks
from .deploy import deploy as deploy_code
from .deploy import is_deployed, remember, what_is_wanted
from .errors import LauncherError
from .keys import rotate_keys
from .lifecycle import stop_all
from .lint import lint as run_lint
from .logs import show_logs
from .product_import import import_products
from .rules import Invocation, invoke_rule
from .service_credentials import create_service, list_services, revoke_service
from .services.members import members_of
from .settings import (
    ROOT,
    TEST_STACK,
    Settings,
    inherited_environment,
    load_options,
    load_settings,
)
from .stack import Stack, find_stack
from .status import show_addresses
from .status import status as show_status
from .story import play
from .supervisor import Supervisor
from .testing import run_tests, test_environment
from .topology import declare_topology as declare
from .up import up as bring_up


def up() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    with stack.locked():
        bring_up(stack, settings)
    progress.step(f"stack {stack.name} is up")
    show_addresses(stack)
    return 0


def down() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    with stack.locked():
        stopped = stop_all(stack)
        if settings.engine == "docker":
            docker.down(stack, members_of(stack, settings))
    progress.step(
        f"stack {stack.name} {'stopped, its data kept' if stopped else 'was not running'}"
    )
    return 0


def status() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    progress.show(f"stack {stack.name} in {stack.folder}\n")
    return 0 if show_status(stack, members_of(stack, settings)) else 1


def deploy() -> int:
    settings = load_settings()
    stack = _running(settings)
    with stack.locked():
        deploy_code(stack, settings, members_of(stack, settings))
    return 0


def demo() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    with stack.locked():
        bring_up(stack, settings)
    play(stack)
    return 0


def logs() -> int:
    options = load_options()
    show_logs(
        _running(load_settings()),
        function=options.fn,
        correlation=options.correlation,
        follow=options.follow,
    )
    return 0


def run_rule() -> int:
    options = load_options()
    stack = _running(load_settings())
    done = invoke_rule(stack, options.rule or "", options.time)
    for invocation in done:
        _show(invocation)
    return 1 if any(invocation.failed for invocation in done) else 0


def admin() -> int:
    options = load_options()
    create_admin(_running(load_settings()), options.email, options.password)
    progress.show(f"{options.email} is an administrator")
    return 0


def service() -> int:
    made = create_service(_running(load_settings()), load_options().name)
    progress.show(f"client_id      {made['client_id']}")
    progress.show(f"client_secret  {made['client_secret']}")
    progress.step("keep the secret now: it is not shown again")
    return 0


def services() -> int:
    for line in list_services(_running(load_settings())):
        progress.show(line)
    return 0


def revoke() -> int:
    name = revoke_service(_running(load_settings()), load_options().id)
    progress.step(f"{name} may not call any more")
    return 0


def rotate() -> int:
    settings = load_settings()
    stack = _running(settings)
    with stack.locked():
        as_deployed = is_deployed(stack, settings, members_of(stack, settings))
        keys = rotate_keys(stack)
        if as_deployed:  # the other keys are no reason to deploy again
            remember(stack, what_is_wanted(stack, settings, members_of(stack, settings)))
    progress.step(f"key {keys['current']} signs; {len(keys['keys'])} keys verify")
    return 0


def products() -> int:
    totals = import_products(_running(load_settings()), load_options().file)
    return 1 if totals.refused else 0


def test() -> int:
    settings = load_settings().model_copy(update={"stack": TEST_STACK})
    stack = find_stack(settings)
    with stack.locked("tests"):
        return run_tests(stack, settings, load_options())


def bench() -> int:
    settings = load_settings()
    bootstrap.ensure("dev")
    stack, where = find_stack(settings), {}
    if Supervisor(stack).answers():  # some benchmarks need no stack
        where = test_environment(stack, members_of(stack, settings).connections)
    return 0 if run_benchmarks(load_options().t, where) else 1


def lint() -> int:
    try:
        bootstrap.ensure("dev", "sam")
    except bootstrap.BootstrapError as error:
        raise LauncherError(str(error)) from None
    return 0 if run_lint() else 1


def contracts() -> int:
    """Write what follows from the typed events and the endpoints' contracts."""
    bootstrap.ensure("dev")
    environment = inherited_environment() | {"PYTHONPATH": str(ROOT / "layers" / "tidings")}
    python = str(bootstrap.python_of("dev"))
    return max(
        subprocess.run([python, generator], cwd=ROOT, env=environment).returncode
        for generator in ("events/generate.py", "openapi/generate.py")
    )


def freeze_events() -> int:
    """Keep today's sample events as those of a release."""
    bootstrap.ensure("dev")
    environment = inherited_environment() | {"PYTHONPATH": str(ROOT / "layers" / "tidings")}
    command = [str(bootstrap.python_of("dev")), "events/generate.py", load_options().version or "-"]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def clean_data() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    if not load_options().force and not _agrees(stack):
        raise LauncherError("nothing was removed", hint="FORCE=1 does not ask")
    with stack.locked():
        stop_all(stack)
        if settings.engine == "docker":
            docker.down(stack, members_of(stack, settings), with_data=True)
        shutil.rmtree(stack.folder)
    progress.step(f"removed {stack.folder}")
    return 0


def declare_topology() -> int:
    settings = load_settings()
    declare(settings.amqp_url or members_of(_running(settings), settings).connections.amqp_url)
    progress.step("declared infra/rabbitmq/topology.yaml")
    return 0


def _running(settings: Settings) -> Stack:
    stack = find_stack(settings)
    if not Supervisor(stack).answers():
        raise LauncherError(f"stack {stack.name} is not running", hint="make up")
    return stack


def _agrees(stack: Stack) -> bool:
    if not sys.stdin.isatty():
        return False
    progress.show(f"Remove all data, logs and secrets of stack {stack.name} in {stack.folder}?")
    return input("Type its name to agree: ").strip() == stack.name


def _show(invocation: Invocation) -> None:
    progress.show(f"{invocation.function}: {'failed' if invocation.failed else 'ok'}")
    progress.show(json.dumps(invocation.result, indent=2))
    progress.show(invocation.log.rstrip())


COMMANDS: dict[str, Callable[[], int]] = {
    "up": up,
    "down": down,
    "status": status,
    "deploy": deploy,
    "demo": demo,
    "logs": logs,
    "run-rule": run_rule,
    "create-admin": admin,
    "create-service": service,
    "services": services,
    "revoke-service": revoke,
    "rotate-keys": rotate,
    "import-products": products,
    "test": test,
    "bench": bench,
    "lint": lint,
    "contracts": contracts,
    "freeze-events": freeze_events,
    "clean-data": clean_data,
    "declare-topology": declare_topology,
}
