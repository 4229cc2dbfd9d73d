"""`make bench`: each module of tests/bench prints a table, which is shown and saved."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping

import bootstrap

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, STATE, inherited_environment

BENCHMARKS = ROOT / "tests" / "bench"
TABLES = STATE / "bench"
SOURCES = ("layers/tidings", "localstack", ".")


def benchmarks(only: str | None) -> list[str]:
    """Return the names of all benchmarks, or the chosen one."""
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py"))
    if only and only not in names:
        raise LauncherError(f"there is no benchmark {only}", hint=f"T={'|'.join(names)}")
    return [only] if only else names


def run_benchmarks(only: str | None, stack: Mapping[str, str]) -> bool:
    """Run benchmarks one after another; `stack` has the address of a running stack.

    Returns:
        Whether all of them succeeded.
    """
    environment = inherited_environment() | dict(stack)
    environment["TIDINGS_RUNTIME_PYTHON"] = str(bootstrap.python_of("runtime"))
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / source) for source in SOURCES)
    failed = [name for name in benchmarks(only) if not _run(name, environment)]
    return not failed


def _run(name: str, environment: Mapping[str, str]) -> bool:
    progress.step(f"benchmark {name}")
    command = [str(bootstrap.python_of("dev")), "-m", f"tests.bench.{name}"]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        progress.step(f"benchmark {name} failed")
        return False
    TABLES.mkdir(parents=True, exist_ok=True)
    (TABLES / f"{name}.md").write_text(done.stdout)
    progress.show(done.stdout)
    progress.step(f"{name}: {time.monotonic() - begun:.0f} s, kept in {TABLES / f'{name}.md'}")
    return True
