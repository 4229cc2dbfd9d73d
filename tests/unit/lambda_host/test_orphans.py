"""Functions end with their host, even when the reaper was ended before it."""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import eventually
from tidings_local.lambda_host import orphans, reaper
from tidings_local.lambda_host.orphans import OrphanGuard

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process in its own process group, like those of functions."""
    started: list[subprocess.Popen[bytes]] = []

    def make() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "600"], start_new_session=True))
        return started[-1]

    yield make
    for each in started:
        each.kill()
        each.wait(60)


@pytest.fixture
def guard() -> Iterator[OrphanGuard]:
    made = OrphanGuard()
    yield made
    made.close()


def reaper_of(guard: OrphanGuard) -> subprocess.Popen[str]:
    assert guard._reaper is not None
    return guard._reaper


def was_killed(process: subprocess.Popen[bytes]) -> bool:
    return process.wait(60) == -signal.SIGKILL


def test_watched_group_ends_with_the_host_and_forgotten_one_does_not(
    guard: OrphanGuard, start: Start
) -> None:
    left, forgotten = start(), start()
    guard.watch(left.pid)
    guard.watch(forgotten.pid)
    guard.forget(forgotten.pid)
    guard.close()
    assert was_killed(left)
    assert forgotten.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_reaper_ignores_the_signals_that_end_the_host(
    guard: OrphanGuard, start: Start, ending: signal.Signals
) -> None:
    left = start()
    guard.watch(left.pid)
    first = reaper_of(guard)
    # It ignores the signals only after its own code has started.
    eventually(lambda: _ignores(first.pid, ending))
    first.send_signal(ending)
    guard.close()
    assert was_killed(left)
    assert first.returncode == 0


def _ignores(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    (ignored,) = re.findall(r"SigIgn:\s*([0-9a-f]+)", status)
    return bool(int(ignored, 16) >> (number - 1) & 1)


def test_killed_reaper_is_replaced_and_gets_all_groups(guard: OrphanGuard, start: Start) -> None:
    before, after, ended = start(), start(), start()
    guard.watch(before.pid)
    guard.watch(ended.pid)
    first = reaper_of(guard)
    first.kill()
    first.wait(60)
    guard.forget(ended.pid)
    guard.watch(after.pid)
    assert reaper_of(guard).pid != first.pid
    guard.close()
    assert was_killed(before)
    assert was_killed(after)
    assert ended.poll() is None


def test_reaper_that_fails_to_start_is_reported_and_retried(
    guard: OrphanGuard,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> subprocess.Popen[str]:
        raise OSError(errno.EAGAIN, "too many processes")

    left, later = start(), start()
    with monkeypatch.context() as patch:
        patch.setattr(orphans, "_start_reaper", fail)
        guard.watch(left.pid)
    assert "the reaper does not start" in caplog.text
    guard.watch(later.pid)
    guard.close()
    assert was_killed(left)
    assert was_killed(later)


def test_closed_guard_starts_no_reaper(guard: OrphanGuard, start: Start) -> None:
    guard.close()
    guard.forget(start().pid)
    guard.close()
    assert guard._reaper is None


def test_group_that_cannot_be_ended_affects_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One group has already ended; for another, macOS reports that the signal is not permitted."""
    ended: list[int] = []

    def end(group: int, number: int) -> None:
        assert number == signal.SIGKILL
        ended.append(group)
        if group == 11:
            raise ProcessLookupError
        if group == 12:
            raise PermissionError

    monkeypatch.setattr(os, "killpg", end)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", ["+11\n", "+12\n", "+13\n", "+14\n"])
    reaper.main()
    assert sorted(ended) == [11, 12, 13, 14]
