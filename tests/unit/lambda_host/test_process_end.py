import subprocess
import sys

import pytest

from tests.host_thread import LoopThread
from tidings_local.lambda_host import process_end
from tidings_local.lambda_host.process_end import ended


@pytest.fixture(params=[True, False], ids=["by-pidfd", "by-thread"])
def _each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not process_end.has_pidfds():
        pytest.skip("this system has no pidfds")
    monkeypatch.setattr(process_end, "has_pidfds", lambda: request.param)


@pytest.mark.usefixtures("_each_way")
@pytest.mark.parametrize("code", [0, 3])
def test_exit_code_of_a_process_that_ends(loop: LoopThread, code: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", f"input(); exit({code})"], stdin=-1)
    assert process.stdin
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert loop.run(ended(process)) == code


@pytest.mark.usefixtures("_each_way")
def test_process_that_was_killed_has_its_signal(loop: LoopThread) -> None:
    process = subprocess.Popen(["sleep", "60"])
    process.kill()
    assert loop.run(ended(process)) == -9
    assert process.returncode == -9  # the process was reaped


@pytest.mark.usefixtures("_each_way")
def test_process_that_has_already_ended(loop: LoopThread) -> None:
    process = subprocess.Popen(["true"], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.read()  # wait for its end
    assert loop.run(ended(process)) == 0
