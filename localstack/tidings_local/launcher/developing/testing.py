"""`make test`: all tests on separate stacks."""

from __future__ import annotations

import os
import shlex
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import bootstrap

from .. import progress
from ..aws import environment as aws_environment
from ..errors import LauncherError
from ..running import programs
from ..running.certificate import certificate_beside
from ..running.lifecycle import stop_all
from ..running.services.connections import Connections
from ..running.services.members import Members
from ..running.stack import Stack
from ..running.up import install, up
from ..settings import (
    ARGUMENT_PREFIX,
    FAULT_STACK,
    Options,
    Settings,
    inherited_environment,
)
from . import slowest
from .child import Child, await_any, launcher_run, pytest_run
from .lint import TOOLS, lint
from .plan import BROWSER_TESTS, REQUEST_TESTS, Runs, all_tests, chosen_tests
from .request_programs import install_request_programs

MAIL_SINK = "smtp://127.0.0.1:24025"
"""The address at which the fault tests receive mails, unless TIDINGS_SMTP_URL has another one."""

PYTEST_VARIABLE = f"{ARGUMENT_PREFIX}PYTEST"


def run_tests(stack: Stack, settings: Settings, options: Options) -> int:
    """Lint, start a new stack, run pytest, stop the stack; return pytest's exit status."""
    check_folder(bootstrap.CLONE)
    install(settings)
    programs.install_where_possible([programs.PROMETHEUS, programs.FAKETIME])
    if BROWSER_TESTS in options.t:
        programs.install_missing([programs.CHROMIUM])
    if REQUEST_TESTS in options.t:
        install_request_programs()
    try:
        bootstrap.ensure(*TOOLS)
    except bootstrap.BootstrapError as error:
        raise LauncherError(str(error)) from None
    try:
        return _lint_and_test(stack, settings, options)
    finally:
        progress.step(f"stopping the stack {stack.name}")
        with stack.locked():
            stop_all(stack)


def check_folder(clone: Path) -> None:
    """Refuse a clone in which the tests' own processes would not find their modules."""
    if os.pathsep in str(clone):
        raise LauncherError(
            f"the tests cannot run in a folder with {os.pathsep!r} in its path",
            hint="it divides the entries of PYTHONPATH; make up, make demo and the others can",
        )


def clean(stack: Stack) -> None:
    stop_all(stack)
    for folder in (stack.data, stack.logs, stack.run, stack.etc):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("secrets.json", "localhost.pem", "localhost.pem.crt", "localhost.pem.key"):
        (stack.folder / name).unlink(missing_ok=True)


def _lint_and_test(stack: Stack, settings: Settings, options: Options) -> int:
    if options.t or options.pytest:
        return _test_part(stack, settings, options)
    with ThreadPoolExecutor(1) as beside:
        clean_code = beside.submit(lint)
        failed = _test_all(stack, settings, options)
    if not clean_code.result():
        progress.step("lint failed, see above")
        return failed or 1
    return failed


def _test_part(stack: Stack, settings: Settings, options: Options) -> int:
    with stack.locked():  # and released while the tests run, because some of them call `make up`
        clean(stack)
        members = up(stack, settings)
    progress.step("running the tests")
    with pytest_run(chosen_tests(options), _environment(stack, members, settings, options)) as run:
        return run.wait()


def _test_all(stack: Stack, settings: Settings, options: Options) -> int:
    """Run the tests that need no deployed code during the deployment, and the others after it.

    The fault tests have a separate stack, which another launcher starts. It starts after this
    stack's deployment: two deployments at once take each other's processor.
    """
    runs = all_tests()
    reports = {name: stack.folder / f"tests-{name}.xml" for name in Runs._fields}
    logs = {name: stack.folder / f"test-{name}.log" for name in Runs._fields if name != "services"}
    for report in reports.values():
        report.unlink(missing_ok=True)
    with ExitStack() as ending:
        started: dict[str, Child] = {}

        def start(name: str, members: Members) -> None:
            arguments = [*getattr(runs, name), f"--junitxml={reports[name]}"]
            environment = _environment(stack, members, settings, options)
            run = pytest_run(arguments, environment, logs.get(name))
            started[name] = ending.enter_context(run)

        def start_beside(members: Members) -> None:
            for name in ("code", "services"):
                start(name, members)

        with stack.locked():
            clean(stack)
            members = up(stack, settings, on_services=start_beside)
        said = shlex.join([*runs.faults, f"--junitxml={reports['faults']}"])
        faults = launcher_run(
            "test", {"TIDINGS_STACK": FAULT_STACK, PYTEST_VARIABLE: said}, logs["faults"]
        )
        started["faults"] = ending.enter_context(faults)
        progress.step(f"running the tests; others write {stack.folder}/test-*.log")
        await_any(started.values())  # more runs at once would starve each other
        start("deployed", members)
        statuses = [run.wait() for run in started.values()]
    for log in logs.values():
        progress.show(log.read_text())
    for line in slowest.table(slowest.slowest(reports.values())):
        progress.show(line)
    return max(statuses)


def _environment(
    stack: Stack, members: Members, settings: Settings, options: Options
) -> dict[str, str]:
    environment = inherited_environment() | test_environment(stack, members.connections)
    if settings.smtp_url:  # where a server of the tests receives the mails
        environment["TIDINGS_SMTP_URL"] = settings.smtp_url
    environment["TIDINGS_SOAK_MINUTES"] = str(options.minutes)
    environment["TIDINGS_FUZZ_SECONDS"] = str(options.fuzz_seconds)
    return environment


def test_environment(stack: Stack, connections: Connections) -> dict[str, str]:
    return aws_environment(stack) | {
        "TIDINGS_STACK": stack.name,
        "TIDINGS_STATE_DIR": str(stack.folder),
        "TIDINGS_API_URL": stack.api_url,
        "TIDINGS_CA_FILE": str(certificate_beside(stack.certificate)),
        "TIDINGS_MONGODB_URI": connections.mongodb_uri,
        "TIDINGS_REDIS_URL": connections.redis_url,
        "TIDINGS_CACHE_REDIS_URL": connections.cache_redis_url,
        "TIDINGS_AMQP_URL": connections.amqp_url,
        "TIDINGS_RABBITMQ_API_URL": _management_url(stack, connections),
        "TIDINGS_BRIDGE_URL": f"http://127.0.0.1:{stack.ports.bridge}",
        "TIDINGS_LIVE_URL": f"http://127.0.0.1:{stack.ports.live}",
        "TIDINGS_RUNTIME_PYTHON": str(bootstrap.python_of("runtime")),
    }


def _management_url(stack: Stack, connections: Connections) -> str:
    """Return the URL of RabbitMQ's management API, with the credentials of the AMQP URL."""
    amqp = urlsplit(connections.amqp_url)
    return f"http://{amqp.username}:{amqp.password}@127.0.0.1:{stack.ports.rabbitmq_management}"
