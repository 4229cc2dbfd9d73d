"""The `make` commands for developers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import bootstrap

from .. import progress
from ..deploying.deploy import is_deployed
from ..errors import LauncherError
from ..running.services.members import members_of
from ..running.stack import find_stack
from ..running.supervisor import find_running, is_running
from ..settings import (
    ROOT,
    STATE,
    TEST_STACK,
    TEST_STACKS,
    Options,
    Settings,
    inherited_environment,
    load_options,
    load_settings,
)
from .bench import compare_benchmarks, run_benchmarks
from .bench_data import data_of
from .dev.session import develop
from .gateway import serve_gateway
from .lint import SITE, TOOLS, build_site
from .lint import lint as run_lint
from .plan import BROWSER, FAULTS, FUZZ, REQUESTS, SOAK, chosen
from .scaffold import new_consumer, new_operation, new_rule
from .testing import MAIL_SINK, run_tests, test_environment

# The port of MiniStack: behind the block of the stack, before that of the next.
BESIDE_THE_STACK = 50


def dev() -> int:
    settings = load_settings()
    if settings.lambda_executor != "process":
        raise LauncherError("make dev needs functions that run as processes", hint="make deploy")
    if settings.engine == "docker":
        raise LauncherError("make dev needs a runner that is no container", hint="make deploy")
    stack = find_running(settings)
    develop(stack, lambda: is_deployed(stack, settings, members_of(stack, settings)))
    return 0


def gateway() -> int:
    stack = find_running(load_settings())
    bootstrap.ensure("dev")
    return serve_gateway(stack)


def test() -> int:
    return _test(load_settings(), load_options())


def test_faults() -> int:
    return _test(_with_mail_sink(load_settings()), chosen(load_options(), FAULTS))


def soak() -> int:
    return _test(_with_mail_sink(load_settings()), chosen(load_options(), SOAK))


def fuzz() -> int:
    return _test(load_settings(), chosen(load_options(), FUZZ))


def test_browser() -> int:
    return _test(load_settings(), chosen(load_options(), BROWSER))


def test_requests() -> int:
    return _test(load_settings(), chosen(load_options(), REQUESTS))


def _test(settings: Settings, options: Options) -> int:
    if settings.engine == "docker":
        raise LauncherError("the tests need the engine `process`", hint="docs/docker.md")
    if settings.stack not in TEST_STACKS:
        settings = settings.model_copy(update={"stack": TEST_STACK})
    stack = find_stack(settings)
    with stack.locked("tests"):
        return run_tests(stack, settings, options)


def _with_mail_sink(settings: Settings) -> Settings:
    return settings.model_copy(update={"smtp_url": settings.smtp_url or MAIL_SINK})


def bench() -> int:
    settings, options = load_settings(), load_options()
    data = data_of(options)
    bootstrap.ensure("dev", "runtime", *(["bench"] if data else []))
    stack, where = find_stack(settings), dict(data)
    if is_running(stack, settings):  # some benchmarks need no stack
        where |= test_environment(stack, members_of(stack, settings).connections)
        if settings.smtp_url:  # where a benchmark receives the mails
            where["TIDINGS_SMTP_URL"] = settings.smtp_url
    if options.compare:
        return 0 if compare_benchmarks(options.t, where, options.compare, settings) else 1
    return 0 if run_benchmarks(options.t, where) else 1


def lint() -> int:
    try:
        bootstrap.ensure(*TOOLS)
    except bootstrap.BootstrapError as error:
        raise LauncherError(str(error)) from None
    return 0 if run_lint() else 1


def contracts() -> int:
    """Generate the files that follow from the events, the consumers and the operations."""
    bootstrap.ensure("dev")
    environment = inherited_environment() | {"PYTHONPATH": str(ROOT / "layers" / "tidings")}
    python = str(bootstrap.python_of("dev"))
    return max(
        subprocess.run([python, generator], cwd=ROOT, env=environment).returncode
        for generator in ("events/generate.py", "infra/contracts/generate.py")
    )


def client() -> int:
    """Generate the Python client from the OpenAPI document, and print its wheel's path."""
    bootstrap.ensure("client")
    version = load_options().version
    options = [f"--version={version}"] if version else []
    command = [str(bootstrap.python_of("client")), "infra/client/build.py", str(STATE / "client")]
    return subprocess.run([*command, *options], cwd=ROOT, env=inherited_environment()).returncode


def docs() -> int:
    """Build the site of docs/, and say how to read it."""
    bootstrap.ensure("docs")
    environment = inherited_environment() | {"NO_MKDOCS_2_WARNING": "1"}
    if subprocess.run(build_site(), cwd=ROOT, env=environment).returncode:
        return 1
    progress.step(f"python3 -m http.server --bind 127.0.0.1 --directory {SITE} 8000")
    progress.step("serves it at http://127.0.0.1:8000")
    return 0


def cost() -> int:
    """Print the model of costs; it reads files only."""
    bootstrap.ensure("dev")
    command = [str(bootstrap.python_of("dev")), "-m", "infra.cost"]
    return subprocess.run(command, cwd=ROOT, env=inherited_environment()).returncode


def second_emulator() -> int:
    """Deploy the templates of AWS to MiniStack, beside the running stack's services."""
    stack = find_running(load_settings())
    bootstrap.ensure("sam", "ministack")
    command = [str(bootstrap.python_of("ministack")), "-m", "infra.aws.second_emulator"]
    base = stack.ports.base
    ports = [f"--port-base={base}", f"--port={base + BESIDE_THE_STACK}"]
    return subprocess.run([*command, *ports], cwd=ROOT, env=inherited_environment()).returncode


def freeze_events() -> int:
    """Store today's sample events as those of a release."""
    version = load_options().version
    if not version:
        raise LauncherError("VERSION is missing", hint="make freeze-events VERSION=1.2.0")
    bootstrap.ensure("dev")
    environment = inherited_environment() | {"PYTHONPATH": str(ROOT / "layers" / "tidings")}
    command = [str(bootstrap.python_of("dev")), "events/generate.py", version]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


COMMANDS: dict[str, Callable[[], int]] = {
    "dev": dev,
    "gateway": gateway,
    "test": test,
    "test-faults": test_faults,
    "soak": soak,
    "fuzz": fuzz,
    "test-browser": test_browser,
    "test-requests": test_requests,
    "bench": bench,
    "lint": lint,
    "contracts": contracts,
    "client": client,
    "docs": docs,
    "cost": cost,
    "second-emulator": second_emulator,
    "new-operation": new_operation,
    "new-consumer": new_consumer,
    "new-rule": new_rule,
    "freeze-events": freeze_events,
}
