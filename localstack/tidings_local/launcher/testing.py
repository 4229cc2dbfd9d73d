"""`make test`: the whole suite against a stack of its own."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import bootstrap

from . import programs, progress
from .aws import environment as aws_environment
from .certificate import certificate_beside
from .errors import LauncherError
from .lifecycle import stop_all
from .lint import lint
from .services.connections import Connections
from .settings import ROOT, Options, Settings, inherited_environment
from .stack import Stack
from .up import install, up

INTERRUPTED_SECONDS = 15
BROWSER_TESTS = "tests/browser"

SIDE_BY_SIDE = ("tests/unit", "tests/contract", "tests/integration")
"""Each worker has databases and a virtual host of its own here; the others share the stack."""


def run_tests(stack: Stack, settings: Settings, options: Options) -> int:
    """Lint, bring up a fresh stack, run pytest, take the stack down; pytest's exit status."""
    install(settings)
    if BROWSER_TESTS in options.t:
        programs.install_missing([programs.CHROMIUM])
    try:
        bootstrap.ensure("dev")
    except bootstrap.BootstrapError as error:
        raise LauncherError(str(error)) from None
    try:
        return _lint_and_test(stack, settings, options)
    finally:
        progress.step(f"taking the stack {stack.name} down")
        with stack.locked():
            stop_all(stack)


def clean(stack: Stack) -> None:
    stop_all(stack)
    for folder in (stack.data, stack.logs, stack.run, stack.etc):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("secrets.json", "localhost.pem", "localhost.pem.crt", "localhost.pem.key"):
        (stack.folder / name).unlink(missing_ok=True)


def _lint_and_test(stack: Stack, settings: Settings, options: Options) -> int:
    narrowed = bool(options.t or options.pytest)
    with ThreadPoolExecutor(1) as beside:
        clean_code = None if narrowed else beside.submit(lint)
        with stack.locked():  # and free again while the tests run: some of them call `make up`
            clean(stack)
            members = up(stack, settings)
    progress.step("running the tests")
    failed = _pytest(stack, members.connections, settings, options)
    if clean_code is not None and not clean_code.result():
        progress.step("lint failed, see above")
        return failed or 1
    return failed


def _pytest(stack: Stack, connections: Connections, settings: Settings, options: Options) -> int:
    environment = inherited_environment() | test_environment(stack, connections)
    if settings.smtp_url:  # where a sink of the tests takes the mails
        environment["TIDINGS_SMTP_URL"] = settings.smtp_url
    failures = [_run(arguments, environment) for arguments in pytest_arguments(options)]
    return max(failures)


def pytest_arguments(options: Options) -> list[list[str]]:
    """One run of what is asked for; of everything, one side by side and one after the other."""
    if options.t or options.pytest:
        return [[*shlex.split(options.pytest), *shlex.split(options.t)]]
    others = [f"--ignore={folder}" for folder in SIDE_BY_SIDE]
    return [["-q", "-n", "2", "--dist", "loadfile", *SIDE_BY_SIDE], ["tests", *others]]


def _run(arguments: list[str], environment: dict[str, str]) -> int:
    command = [str(bootstrap.python_of("dev")), "-m", "pytest", *arguments]
    tests = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return tests.wait()
    except KeyboardInterrupt:
        _let_finish(tests)
        raise


def _let_finish(tests: subprocess.Popen[bytes]) -> None:
    """On Ctrl-C pytest is interrupted too, and says what it had found so far."""
    try:
        tests.wait(INTERRUPTED_SECONDS)
    except subprocess.TimeoutExpired:
        tests.kill()
        tests.wait()


def test_environment(stack: Stack, connections: Connections) -> dict[str, str]:
    return aws_environment(stack) | {
        "TIDINGS_STACK": stack.name,
        "TIDINGS_STATE_DIR": str(stack.folder),
        "TIDINGS_API_URL": stack.api_url,
        "TIDINGS_CA_FILE": str(certificate_beside(stack.certificate)),
        "TIDINGS_MONGODB_URI": connections.mongodb_uri,
        "TIDINGS_REDIS_URL": connections.redis_url,
        "TIDINGS_AMQP_URL": connections.amqp_url,
        "TIDINGS_RABBITMQ_API_URL": _management_url(stack, connections),
        "TIDINGS_BRIDGE_URL": f"http://127.0.0.1:{stack.ports.bridge}",
        "TIDINGS_RUNTIME_PYTHON": str(bootstrap.python_of("runtime")),
    }


def _management_url(stack: Stack, connections: Connections) -> str:
    """RabbitMQ's management API, with the credentials of the AMQP URL."""
    amqp = urlsplit(connections.amqp_url)
    return f"http://{amqp.username}:{amqp.password}@127.0.0.1:{stack.ports.rabbitmq_management}"
