"""Decide which tests a target runs, and in which order."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from ..errors import LauncherError
from ..settings import Options

BROWSER_TESTS = "tests/browser"
REQUEST_TESTS = "tests/requests"
FAULTS = {
    "t": " ".join(
        f"tests/faults/test_{name}.py"
        for name in ("deployments", "doctor", "faults", "campaigns", "stock_tools", "tutorial")
    ),
    "pytest": "-m faults -s",
}
SOAK = {"t": "tests/faults/test_soak.py", "pytest": "-m soak -s"}
FUZZ = {"pytest": "-m fuzz"}
BROWSER = {"t": BROWSER_TESTS}
REQUESTS = {"t": REQUEST_TESTS}
"""The tests of each target. T and PYTEST select others."""

CODE = ("tests/unit", "tests/contract", "tests/fuzz")
"""Thousands of tests that use the processor only. One process runs them: passing each result to a
controller, and collecting the tests in each worker, took a tenth of the time of `make test`."""

SERVICES = ("tests/integration", "tests/faults/test_proxy.py")
"""Each worker has its own databases and virtual host; the services are shared. These tests need no
deployed code, so that they start while it is being deployed."""

STRANGERS = ("tests/faults/test_launcher.py", "tests/e2e")
"""These tests use the stack as many concurrent people do, or have a stack of their own."""

HUNG_SECONDS = 600
"""A test that takes longer fails, with the stack of each thread. Tests with markers may take
longer."""

WORKERS = 2
"""As many as the cores of a small machine, on which other runs go on beside them. With more, each
waits longer for the processor, and the time limits of LocalStack and RabbitMQ pass."""


class Runs(NamedTuple):
    """The arguments of pytest for all tests, in parts that run beside or after each other."""

    code: list[str]
    services: list[str]
    deployed: list[str]
    faults: list[str]
    """These tests break their stack."""


def chosen(said: Options, target: dict[str, str]) -> Options:
    """Return the options, with the target's own where the command line has none."""
    given = said.model_dump(exclude_defaults=True)
    return said.model_copy(update=target | given)


def chosen_tests(options: Options) -> list[str]:
    """Return pytest's arguments for the tests that T and PYTEST choose."""
    return [*_words("PYTEST", options.pytest), *_words("T", options.t)]


def all_tests() -> Runs:
    bounded = f"--timeout={HUNG_SECONDS}"
    together = [bounded, "-q", "-n", str(WORKERS), "--dist"]
    others = [f"--ignore={each}" for each in (*CODE, *SERVICES, *STRANGERS)]
    return Runs(
        code=[bounded, "-q", *CODE],
        services=[*together, "worksteal", *SERVICES],
        deployed=[*together, "loadfile", *STRANGERS],
        faults=[bounded, "tests", *others],
    )


def _words(name: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as problem:  # an unbalanced quotation mark
        raise LauncherError(f"{name} is not usable: {problem}") from None
