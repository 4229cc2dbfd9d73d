"""Decide which tests a target runs, and in which order."""

from __future__ import annotations

import shlex

from ..errors import LauncherError
from ..settings import Options

BROWSER_TESTS = "tests/browser"
FAULTS = {
    "t": " ".join(
        f"tests/faults/test_{name}.py" for name in ("deployments", "faults", "campaigns")
    ),
    "pytest": "-m faults -s",
}
SOAK = {"t": "tests/faults/test_soak.py", "pytest": "-m soak -s"}
FUZZ = {"pytest": "-m fuzz"}
BROWSER = {"t": BROWSER_TESTS}
"""The tests of each target. T and PYTEST select others."""

SIDE_BY_SIDE = (
    *("tests/unit", "tests/contract", "tests/integration", "tests/fuzz"),
    "tests/faults/test_proxy.py",
)
"""Each worker has its own databases and virtual host; the stack is shared. These tests need only
the services, so that they start while the code is being deployed."""

STRANGERS = ("tests/faults/test_launcher.py", "tests/e2e")
"""These tests use the stack as many concurrent people do, or have a stack of their own."""

HUNG_SECONDS = 600
"""A test that takes longer fails, with the stack of each thread. Tests with markers may take
longer."""

WORKERS = 3
"""One more than the cores of a small machine: tests wait for services, timeouts and each other."""


def chosen(said: Options, target: dict[str, str]) -> Options:
    """Return the options, with the target's own where the command line has none."""
    given = said.model_dump(exclude_defaults=True)
    return said.model_copy(update=target | given)


def pytest_arguments(options: Options) -> list[list[str]]:
    """Return one run for chosen tests, or three for all; the last one breaks its stack."""
    if options.t or options.pytest:
        return [[*_words("PYTEST", options.pytest), *_words("T", options.t)]]
    bounded = f"--timeout={HUNG_SECONDS}"
    together = [bounded, "-q", "-n", str(WORKERS), "--dist"]
    others = [f"--ignore={folder}" for folder in (*SIDE_BY_SIDE, *STRANGERS)]
    return [
        [*together, "worksteal", *SIDE_BY_SIDE],
        [*together, "loadfile", *STRANGERS],
        [bounded, "tests", *others],
    ]


def _words(name: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as problem:  # an unbalanced quotation mark
        raise LauncherError(f"{name} is not usable: {problem}") from None
