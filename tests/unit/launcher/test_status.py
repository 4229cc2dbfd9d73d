"""Tests of the lines of `make status` about memory and processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidings_local.launcher.running.memory import FUNCTIONS, SUPERVISOR, Usage, total, usage_of
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.running.status import Line, more_lines
from tidings_local.launcher.running.supervisor_config import SERVICE_MARK, STACK_MARK

LIVES = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("some", tmp_path, Ports(5000))


@pytest.fixture
def processes(stack: Stack) -> Iterator[None]:
    """Return two processes of the bridge, one of a function, and supervisord."""
    mark = {STACK_MARK: str(stack.folder)}
    bridge = mark | {SERVICE_MARK: "bridge"}
    function = {"LAMBDA_TASK_ROOT": f"{stack.folder}/run/lambda/packages/one"}
    started = [_start(environment) for environment in (bridge, bridge, function, mark)]
    yield
    for process in started:
        process.communicate()


def _start(environment: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", LIVES],
        env=dict(os.environ) | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_processes_count_for_their_service_or_for_functions(stack: Stack, processes: None) -> None:
    usages = usage_of(stack)
    counted = {name: usage.processes for name, usage in usages.items()}
    assert counted == {"bridge": 2, FUNCTIONS: 1, SUPERVISOR: 1}
    assert all(usage.size > 1_000_000 for usage in usages.values())
    assert total(usages).processes == 4


def test_a_stopped_stack_uses_nothing(stack: Stack) -> None:
    assert usage_of(stack) == {}
    assert total({}) == Usage()


def test_functions_and_the_total_have_lines_of_their_own() -> None:
    ready = Line("bridge", "ready", "", "4571", "", "bridge.log")
    usages = {
        "bridge": Usage(1, 50_000_000),
        FUNCTIONS: Usage(20, 700_400_000),
        SUPERVISOR: Usage(1, 14_000_000),
    }
    shown = [str(line).split() for line in more_lines([ready], usages)]
    assert shown == [
        [FUNCTIONS, "700", "MB", "20"],
        [SUPERVISOR, "14", "MB", "1"],
        ["total", "764", "MB", "22"],
    ]


def test_absence_of_running_functions_is_shown() -> None:
    assert [str(line).split() for line in more_lines([], {})] == [
        [FUNCTIONS, "0", "MB", "0"],
        ["total", "0", "MB", "0"],
    ]


def test_process_with_unreadable_memory_marks_the_total() -> None:
    assert not total({"a": Usage(1, 1), "b": Usage(1, 1, is_shared_fairly=False)}).is_shared_fairly
