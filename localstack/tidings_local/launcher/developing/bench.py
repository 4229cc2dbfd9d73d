"""`make bench`: each module of tests/bench prints tables, which are shown and saved."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping

import bootstrap

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, STATE, Settings, inherited_environment
from .bench_chart import chart
from .bench_compare import other_version
from .bench_tables import side_by_side, tables_in

BENCHMARKS = ROOT / "tests" / "bench"
TABLES = STATE / "bench"
MAX_SECONDS = 30 * 60
# It reads the other version's files itself, and needs no second stack.
COMPARES_ITSELF = "answers"
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
    failed = [name for name in benchmarks(only) if _run(name, stack) is None]
    return not failed


def compare_benchmarks(
    only: str | None, stack: Mapping[str, str], ref: str, settings: Settings
) -> bool:
    """Run benchmarks with another version's stack and with this one, and show both.

    Returns:
        Whether all of them succeeded.

    Raises:
        LauncherError: the other version is unknown, or did not start.
    """
    if only == COMPARES_ITSELF:
        return _run(only, {**stack, "TIDINGS_BENCH_REF": ref}) is not None
    names, failed = benchmarks(only), list[str]()
    with other_version(ref, settings) as other:
        for name in names:
            progress.step(f"benchmark {name} of {ref}")
            before, after = other.bench(name), _run(name, stack)
            if after is None:
                failed.append(name)
                continue
            text = side_by_side(tables_in(before), tables_in(after))
            file = TABLES / f"{name}.compared.md"
            file.write_text(f"{text}\n")
            progress.show(f"{ref} -> this version\n\n{text}\n")
            progress.step(f"{name}: kept in {file}")
    return not failed


def _run(name: str, stack: Mapping[str, str]) -> str | None:
    """Run a benchmark, show and keep its tables, and return them; None if it failed."""
    progress.step(f"benchmark {name}")
    environment = inherited_environment() | dict(stack)
    environment["TIDINGS_RUNTIME_PYTHON"] = str(bootstrap.python_of("runtime"))
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / source) for source in SOURCES)
    command = [str(bootstrap.python_of("dev")), "-m", f"tests.bench.{name}"]
    begun = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=MAX_SECONDS,
        )
    except subprocess.SubprocessError as error:
        progress.step(f"benchmark {name} failed: {error}")
        return None
    TABLES.mkdir(parents=True, exist_ok=True)
    kept = TABLES / f"{name}.md"
    kept.write_text(done.stdout)
    tables = tables_in(done.stdout)
    content = [table.as_json() for table in tables]
    for table in tables:
        if table.charted:
            kept.with_suffix(".svg").write_text(chart(table, table.charted))
    kept.with_suffix(".json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    progress.show(done.stdout)
    progress.step(
        f"{name}: {time.monotonic() - begun:.0f} s, kept in {kept} with JSON and charts beside it"
    )
    return done.stdout
