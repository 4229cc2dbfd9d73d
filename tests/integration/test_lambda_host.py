"""The process host with real processes, with the interpreter of TIDINGS_RUNTIME_PYTHON."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.host_thread import HostThread
from tests.unit.lambda_host.builders import (
    PATIENCE_SECONDS,
    Gate,
    a_function,
    is_running,
    runtime_python,
    wait_until,
)
from tidings_local.lambda_host import (
    Function,
    HostStoppedError,
    Invocation,
    Outcome,
    RuntimeMissingError,
    ThrottledError,
)
from tidings_local.lambda_host.host import HostSettings

ANSWER_PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"
SLEEP = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'awake'\n"
AT_GATE = """
def handler(event, context):
    if event: wait_at_gate()
    return os.getpid()
"""
ENDS_EARLY = """
import asyncio, sys
from pathlib import Path
from tidings_local.lambda_host import Function, Invocation
from tidings_local.lambda_host.host import HostSettings, LambdaHost
python, directory, code, pids = map(Path, sys.argv[1:])
async def main():
    host = LambdaHost(HostSettings(interpreter=python, directory=directory))
    function = Function(name="f", version="1", arn="a", revision="1", code_dir=code,
                        handler="app.handler", timeout_seconds=60)
    call = asyncio.create_task(host.invoke(function, Invocation(payload=b"1")))
    while not (pids.exists() and pids.read_text()):
        await asyncio.sleep(0.01)
asyncio.run(main())
"""
HostMaker = Callable[..., HostThread]


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[HostMaker]:
    hosts: list[HostThread] = []

    def make(**settings: Any) -> HostThread:
        given = {
            "interpreter": runtime_python(),
            "directory": tmp_path / "host",
            "wait_seconds": PATIENCE_SECONDS,
            **settings,
        }
        hosts.append(HostThread(HostSettings(**given)))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def host(make_host: HostMaker) -> HostThread:
    return make_host()


def call(host: HostThread, function: Function, event: object = None) -> Outcome:
    return host.invoke(function, Invocation(payload=json.dumps(event).encode(), request_id="r-1"))


def end(pid: int) -> None:
    """Kill a process and wait for its end: until then the next call may use it."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid), "its end")


def answer(host: HostThread, function: Function, event: object = None) -> Any:
    outcome = call(host, function, event)
    assert not outcome.is_error, outcome.payload
    return json.loads(outcome.payload)


def error(host: HostThread, function: Function, event: object = None) -> tuple[str, str]:
    outcome = call(host, function, event)
    assert outcome.is_error, outcome.payload
    content = json.loads(outcome.payload)
    return content["errorType"], content["errorMessage"]


def when_told(body: str) -> str:
    """Return a handler that runs `body` for a non-empty event, and otherwise succeeds."""
    steps = textwrap.indent(textwrap.dedent(body), "        ")
    head = "import os, sys, time\ndef handler(event, context):\n    if event:\n"
    return f"{head}{steps}\n    return 'well'\n"


class TestWarmth:
    def test_process_is_used_again(self, host: HostThread, tmp_path: Path) -> None:
        function = a_function(tmp_path, ANSWER_PID)
        assert answer(host, function) == answer(host, function)

    def test_only_the_first_call_reports_init(self, host: HostThread, tmp_path: Path) -> None:
        function = a_function(tmp_path, ANSWER_PID)
        assert "\tInit Duration: " in call(host, function).logs
        assert "Init Duration" not in call(host, function).logs

    def test_process_killed_while_idle_is_replaced(self, host: HostThread, tmp_path: Path) -> None:
        function = a_function(tmp_path, ANSWER_PID)
        for _ in range(20):
            end(answer(host, function))
            answer(host, function)

    def test_new_revision_gets_a_new_process_and_the_old_one_ends(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        old = a_function(tmp_path, ANSWER_PID)
        old_pid = answer(host, old)
        assert answer(host, replace(old, revision="next")) != old_pid
        host.retire(old.key)
        wait_until(lambda: not is_running(old_pid), "the end of the old process")

    def test_idle_process_is_ended_after_its_keepalive(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        pid = answer(make_host(keepalive_seconds=0.1), a_function(tmp_path, ANSWER_PID))
        wait_until(lambda: not is_running(pid), "idle process ended")


class TestOutcome:
    def test_outcome_has_the_duration_and_the_log_stream(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        source = (
            "import os, time\n"
            "def handler(event, context):\n"
            "    time.sleep(0.05)\n"
            "    return [os.environ['AWS_LAMBDA_LOG_STREAM_NAME'], context.log_stream_name]\n"
        )
        function = a_function(tmp_path, source, version="7")
        first, began = call(host, function), time.monotonic()
        second, seconds = call(host, function), time.monotonic() - began
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[7\][0-9a-f]{32}", first.log_stream)
        assert json.loads(first.payload) == [first.log_stream, first.log_stream]
        assert second.log_stream == first.log_stream
        assert first.init_ms is not None
        assert second.init_ms is None
        assert f"\tInit Duration: {first.init_ms:.2f} ms" in first.logs
        assert 50 <= second.duration_ms < seconds * 1000
        assert second.error_type is None

    def test_each_process_has_a_log_stream_of_its_own(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        gate = Gate(tmp_path)
        function = a_function(tmp_path, gate.source + AT_GATE)
        with ThreadPoolExecutor(2) as both:
            outcomes = both.map(call, [host] * 2, [function] * 2, [True] * 2)
            gate.wait_for(2)
            gate.open()
        assert len({each.log_stream for each in outcomes}) == 2

    def test_a_fault_has_its_type(self, host: HostThread, tmp_path: Path) -> None:
        function = a_function(tmp_path, when_told("os._exit(1)"))
        assert call(host, function, event=True).error_type == "Runtime.ExitError"
        slow = a_function(tmp_path, SLEEP, name="slow", timeout_seconds=0.3)
        assert call(host, slow, event=5).error_type == "Sandbox.Timedout"


class TestErrors:
    def test_timeout_ends_the_process_and_the_next_call_works(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        function = a_function(tmp_path, when_told("time.sleep(30)"), timeout_seconds=0.5)
        outcome = call(host, function, event=True)
        assert json.loads(outcome.payload) == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "RequestId: r-1 Error: Task timed out after 0.50 seconds",
        }
        assert " r-1 Task timed out after 0.50 seconds\n" in outcome.logs
        assert outcome.logs.endswith("\tStatus: timeout\n")
        assert answer(host, replace(function, timeout_seconds=PATIENCE_SECONDS)) == "well"

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("os._exit(1)", "Runtime exited with error: exit status 1"),
            ("os._exit(0)", "Runtime exited without providing a reason"),
            ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
            ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ],
    )
    def test_exit_is_reported_and_the_next_call_works(
        self, host: HostThread, tmp_path: Path, body: str, reason: str
    ) -> None:
        function = a_function(tmp_path, when_told(f"print('last words')\n{body}"))
        outcome = call(host, function, event=True)
        assert json.loads(outcome.payload) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: r-1 Error: {reason}",
        }
        assert "last words\n" in outcome.logs
        assert outcome.logs.endswith("\tStatus: error\tError Type: Runtime.ExitError\n")
        assert answer(host, function) == "well"

    def test_memory_limit_is_applied_and_the_next_call_works(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        function = a_function(tmp_path, when_told("held = bytearray(1 << 28)\ntime.sleep(30)"))
        outcome = call(host, function, event=True)
        assert json.loads(outcome.payload) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": "RequestId: r-1 Error: Runtime exited with error: signal: killed",
        }
        assert "\tMax Memory Used: 128 MB\t" in outcome.logs
        assert answer(host, function) == "well"

    def test_memory_of_children_counts(self, host: HostThread, tmp_path: Path) -> None:
        child = "import time; held = bytearray(1 << 28); time.sleep(30)"
        body = f"import subprocess\nsubprocess.run([sys.executable, '-c', {child!r}])"
        function = a_function(tmp_path, when_told(body))
        assert error(host, function, event=True)[1].endswith("signal: killed")

    def test_error_in_the_handler_keeps_the_process(self, host: HostThread, tmp_path: Path) -> None:
        source = "import os\ndef handler(event, context):\n    raise ValueError(os.getpid())\n"
        function = a_function(tmp_path, source)
        first = error(host, function)
        assert first[0] == "ValueError"
        assert error(host, function) == first

    @pytest.mark.parametrize(
        ("source", "error_type", "message"),
        [
            (
                "import rich",
                "Runtime.ImportModuleError",
                "Unable to import module 'app': No module named 'rich'",
            ),
            ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
            ("raise ValueError('no')", "ValueError", "no"),
            ("(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
            ("import os\nos._exit(7)", "Runtime.ExitError", "exit status 7"),
        ],
    )
    def test_failed_init_returns_the_error_of_the_runtime(
        self, host: HostThread, tmp_path: Path, source: str, error_type: str, message: str
    ) -> None:
        function = a_function(tmp_path, source)
        outcome = call(host, function)
        content = json.loads(outcome.payload)
        assert content["errorType"] == error_type
        assert message in content["errorMessage"]
        assert f"\tPhase: init\tStatus: error\tError Type: {error_type}\nSTART" in outcome.logs

    def test_init_is_repeated_by_the_next_call(self, host: HostThread, tmp_path: Path) -> None:
        flag = tmp_path / "flag"
        source = f"open({str(flag)!r})\ndef handler(event, context):\n    return 'well'\n"
        function = a_function(tmp_path, source)
        assert error(host, function)[0] == "FileNotFoundError"
        flag.touch()
        assert answer(host, function) == "well"

    def test_init_that_hangs_is_restarted_within_the_timeout(
        self, host: HostThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tidings_local.lambda_host.call.INIT_LIMIT_SECONDS", 0.3)
        outcome = call(
            host, a_function(tmp_path, "import time\ntime.sleep(30)", timeout_seconds=0.4)
        )
        assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"
        assert "\tPhase: init\tStatus: timeout\n" in outcome.logs

    def test_slow_init_may_use_the_functions_own_time(
        self, host: HostThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tidings_local.lambda_host.call.INIT_LIMIT_SECONDS", 0.3)
        source = "import time\ntime.sleep(0.6)\n" + ANSWER_PID
        assert answer(host, a_function(tmp_path, source))

    def test_response_over_the_limit_is_an_error(self, host: HostThread, tmp_path: Path) -> None:
        source = "def handler(event, context):\n    return 'x' * event\n"
        function = a_function(tmp_path, source)
        assert error(host, function, event=6_300_000)[0] == "Function.ResponseSizeTooLarge"
        assert len(answer(host, function, event=6_000_000)) == 6_000_000


class TestConcurrency:
    def test_processes_are_limited_and_calls_wait_for_them(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host, gate = make_host(max_environments=3), Gate(tmp_path)
        function = a_function(tmp_path, gate.source + AT_GATE)
        with ThreadPoolExecutor(30) as crowd:
            pids = crowd.map(lambda _: answer(host, function, event=True), range(60))
            gate.wait_for(3)
            gate.open()
        assert len(set(pids)) == 3

    def test_randomly_killed_processes_fail_no_other_call(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host = make_host(max_environments=4)
        function = a_function(tmp_path, ANSWER_PID)
        killed: set[int] = set()

        def call_and_kill(turn: int) -> bool:
            outcome = call(host, function)
            if turn % 10 == 0 and not outcome.is_error:
                victim = int(outcome.payload)
                killed.add(victim)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            return outcome.is_error

        with ThreadPoolExecutor(8) as crowd:
            failures = sum(crowd.map(call_and_kill, range(200)))
        # A call that a killed process was running is lost, as on AWS; no other is.
        assert failures <= len(killed)

    def test_call_that_waited_too_long_is_throttled(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host, gate = make_host(max_environments=1, wait_seconds=0.2), Gate(tmp_path)
        function = a_function(tmp_path, gate.source + AT_GATE)
        with ThreadPoolExecutor(1) as one:
            running = one.submit(answer, host, function, True)
            gate.wait_for(1)
            with pytest.raises(ThrottledError):
                answer(host, function)
            gate.open()
            assert running.result()

    def test_update_lets_running_calls_finish(self, host: HostThread, tmp_path: Path) -> None:
        gate = Gate(tmp_path)
        function = a_function(tmp_path, gate.source + AT_GATE)
        with ThreadPoolExecutor(1) as one:
            running = one.submit(answer, host, function, True)
            gate.wait_for(1)
            host.retire(function.key)
            gate.open()
            assert isinstance(running.result(), int)

    def test_call_continues_when_its_caller_left(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host, gate = make_host(max_environments=1), Gate(tmp_path)
        done = tmp_path / "done"
        function = a_function(
            tmp_path,
            f"{gate.source}\n"
            "def handler(event, context):\n"
            "    if event:\n"
            "        wait_at_gate()\n"
            f"        open({str(done)!r}, 'w')\n"
            "    return os.getpid()\n",
        )
        pid = answer(host, function)

        async def begin() -> asyncio.Task[Outcome]:
            return asyncio.create_task(host.host.invoke(function, Invocation(payload=b"1")))

        caller = host.run(begin())
        gate.wait_for(1)
        assert host.call(caller.cancel)
        wait_until(caller.cancelled, "the caller has gone")
        gate.open()
        wait_until(done.exists, "the end of the call")
        assert answer(host, function) == pid

    def test_kill_of_all_idle_processes_fails_no_call(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host, gate = make_host(max_environments=8), Gate(tmp_path)
        function = a_function(tmp_path, gate.source + AT_GATE)
        with ThreadPoolExecutor(8) as crowd:
            answers = crowd.map(lambda _: answer(host, function, event=True), range(8))
            gate.wait_for(8)
            gate.open()
        pids = list(answers)
        for pid in pids:
            end(pid)
        assert answer(host, function) not in pids

    def test_calls_during_updates_all_get_an_answer_and_leave_nothing(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host = make_host()
        first = a_function(tmp_path, ANSWER_PID)
        pids: set[int] = set()

        def call_and_update(turn: int) -> None:
            function = replace(first, revision=str(turn // 10))
            pids.add(answer(host, function))
            if turn % 10 == 5:
                host.retire(function.key)

        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(call_and_update, range(100)))
        for turn in range(10):
            host.retire(replace(first, revision=str(turn)).key)
        wait_until(lambda: not any(map(is_running, pids)), "the end of all processes")

    def test_hundred_concurrent_processes_free_all_resources(
        self, make_host: HostMaker, tmp_path: Path
    ) -> None:
        host = make_host(max_environments=100, max_total_environments=100)
        answer(host, a_function(tmp_path, ANSWER_PID, name="first"))
        open_before = psutil.Process().num_fds()
        gate = Gate(tmp_path)
        function = a_function(tmp_path, gate.source + AT_GATE, timeout_seconds=300)
        with ThreadPoolExecutor(100) as crowd:
            answers = crowd.map(lambda _: answer(host, function, event=True), range(100))
            gate.wait_for(100)
            gate.open()
        pids = set(answers)
        assert len(pids) == 100
        host.retire(function.key)
        wait_until(lambda: not any(map(is_running, pids)), "the end of all processes")
        wait_until(lambda: psutil.Process().num_fds() <= open_before, "the end of open files")


class TestIsolation:
    def test_environment_is_clean(
        self, host: HostThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOST_SECRET", "x")
        source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
        seen = answer(host, a_function(tmp_path, source, variables={"MINE": "1"}))
        assert seen["MINE"] == "1"
        assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
        assert "HOST_SECRET" not in seen

    def test_code_and_layers_are_first_on_the_path(self, host: HostThread, tmp_path: Path) -> None:
        opt = tmp_path / "opt"
        (opt / "python").mkdir(parents=True)
        (opt / "python/boto3.py").write_text("WHERE = 'layer'")
        (opt / "python/shared.py").write_text("WHERE = 'layer'")
        source = (
            "import boto3, shared\n"
            "def handler(event, context):\n"
            "    return [boto3.WHERE, shared.WHERE]\n"
        )
        function = a_function(tmp_path, source, opt_dir=opt)
        (function.code_dir / "shared.py").write_text("WHERE = 'code'")
        assert answer(host, function) == ["layer", "code"]

    def test_temporary_folder_is_new_and_removed(self, host: HostThread, tmp_path: Path) -> None:
        source = (
            "import os, pathlib, tempfile\n"
            "def handler(event, context):\n"
            "    pathlib.Path(tempfile.gettempdir(), 'kept').touch()\n"
            "    return [tempfile.gettempdir(), os.getpid()]\n"
        )
        function = a_function(tmp_path, source)
        folder, _ = answer(host, function)
        assert Path(folder, "kept").exists()
        host.retire(function.key)
        wait_until(lambda: not Path(folder).exists(), "its removal")

    def test_grandchildren_end_with_their_function(
        self, host: HostThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tidings_local.lambda_host.call.INIT_LIMIT_SECONDS", PATIENCE_SECONDS)
        source = (
            "import subprocess, time\n"
            "tame = subprocess.Popen(['sleep', '600'])\n"
            "wild = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
            "print(tame.pid, wild.pid, flush=True)\n"
            "def handler(event, context):\n"
            "    time.sleep(30)\n"
        )
        outcome = call(host, a_function(tmp_path, source, timeout_seconds=0.5))
        assert outcome.error_type == "Sandbox.Timedout"
        pids = [int(pid) for pid in outcome.logs.splitlines()[0].split()]
        wait_until(lambda: not any(map(is_running, pids)), "grandchildren ended")


class TestOutput:
    def test_output_of_init_and_of_each_call_is_separate(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        source = (
            "import sys\nprint('loading æ')\n"
            "def handler(event, context):\n"
            "    print('out'); print('err', file=sys.stderr)\n"
        )
        function = a_function(tmp_path, source)
        first = call(host, function).logs.splitlines()
        assert first[:5] == [
            "loading æ",
            "START RequestId: r-1 Version: $LATEST",
            "out",
            "err",
            "END RequestId: r-1",
        ]
        assert call(host, function).logs.splitlines()[:2] == [first[1], "out"]

    def test_large_output_is_cut_and_marked(self, host: HostThread, tmp_path: Path) -> None:
        source = "def handler(event, context):\n    for _ in range(400): print('x' * 10_000)\n"
        logs = call(host, a_function(tmp_path, source)).logs
        assert len(logs) < 1_010_000
        assert "bytes of output cut]" in logs

    def test_output_of_a_thread_between_calls_belongs_to_the_next(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        done, gate = tmp_path / "done", Gate(tmp_path)
        source = (
            f"{gate.source}\n"
            "import threading\n"
            "def later():\n"
            "    wait_at_gate(); print('later', flush=True)\n"
            f"    pathlib.Path({str(done)!r}).touch()\n"
            "def handler(event, context):\n"
            "    if event: threading.Thread(target=later).start()\n"
        )
        function = a_function(tmp_path, source)
        assert "later" not in call(host, function, event=True).logs
        gate.open()
        wait_until(done.exists, "thread has printed")
        assert "later\n" in call(host, function).logs


class TestEnd:
    def test_stop_leaves_no_process_and_refuses_calls(
        self, host: HostThread, tmp_path: Path
    ) -> None:
        function = a_function(tmp_path, ANSWER_PID)
        pid = answer(host, function)
        host.stop()
        assert not is_running(pid)
        with pytest.raises(HostStoppedError):
            call(host, function)

    def test_stop_answers_the_calls_under_way(self, host: HostThread, tmp_path: Path) -> None:
        started = tmp_path / "started"
        function = a_function(
            tmp_path,
            "import time\n"
            "def handler(event, context):\n"
            f"    open({str(started)!r}, 'w')\n"
            "    time.sleep(50)\n",
            timeout_seconds=60,
        )
        with ThreadPoolExecutor(1) as one:
            running = one.submit(call, host, function)
            wait_until(started.exists, "function started")
            host.stop()
            assert running.result(PATIENCE_SECONDS).error_type == "Runtime.ExitError"

    def test_stop_while_a_process_starts_ends_it(self, host: HostThread, tmp_path: Path) -> None:
        started = tmp_path / "started"
        function = a_function(
            tmp_path,
            "import os, time\n"
            f"with open({str(started)!r}, 'w') as file: file.write(str(os.getpid()))\n"
            "time.sleep(50)\n",
        )
        with ThreadPoolExecutor(1) as one:
            running = one.submit(call, host, function)
            wait_until(lambda: started.exists() and started.read_text() != "", "its start")
            host.stop()
            assert running.result(PATIENCE_SECONDS).error_type == "Runtime.ExitError"
        assert not is_running(int(started.read_text()))

    def test_loop_that_ends_under_calls_leaves_no_process(self, tmp_path: Path) -> None:
        pids = tmp_path / "pids"
        source = (
            "import os, time\n"
            f"with open({str(pids)!r}, 'w') as file: file.write(str(os.getpid()))\n"
            "def handler(event, context):\n"
            "    time.sleep(60)\n"
        )
        function = a_function(tmp_path, source, timeout_seconds=60)
        done = subprocess.run(
            [
                *(sys.executable, "-c", ENDS_EARLY),
                *(runtime_python(), tmp_path / "host", function.code_dir, pids),
            ],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0
        wait_until(lambda: not is_running(int(pids.read_text())), "the end of the function")

    def test_killed_host_leaves_no_process(self, tmp_path: Path) -> None:
        pids = tmp_path / "pids"
        source = (
            "import os, time\n"
            "def handler(event, context):\n"
            f"    with open({str(pids)!r}, 'w') as file: file.write(f'{{os.getpid()}} ')\n"
            "    time.sleep(60)\n"
        )
        function = a_function(tmp_path, source, timeout_seconds=60)
        program = (
            "import asyncio, sys\n"
            "from pathlib import Path\n"
            "from tidings_local.lambda_host import *\n"
            "from tidings_local.lambda_host.host import HostSettings, LambdaHost\n"
            "python, directory, code = map(Path, sys.argv[1:])\n"
            "async def main():\n"
            "    host = LambdaHost(HostSettings(interpreter=python, directory=directory))\n"
            "    await host.invoke(Function(name='f', version='1', arn='a', revision='1',"
            " code_dir=code, handler='app.handler', timeout_seconds=60),"
            " Invocation(payload=b'1'))\n"
            "asyncio.run(main())\n"
        )
        arguments = [runtime_python(), tmp_path / "host", function.code_dir]
        killed = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        wait_until(lambda: pids.exists() and pids.read_text().endswith(" "), "function runs")
        pid = int(pids.read_text())
        assert is_running(pid)
        killed.kill()
        killed.wait(PATIENCE_SECONDS)
        wait_until(lambda: not is_running(pid), "function of the killed host ended")

    def test_reaper_that_was_killed_is_replaced(self, host: HostThread, tmp_path: Path) -> None:
        answer(host, a_function(tmp_path, ANSWER_PID))
        reaper = host.host._guard._reaper
        assert reaper
        reaper.kill()
        reaper.wait(PATIENCE_SECONDS)
        answer(host, a_function(tmp_path, ANSWER_PID))
        assert host.host._guard._reaper is not reaper

    def test_missing_interpreter_is_reported_at_once(self, make_host: HostMaker) -> None:
        with pytest.raises(RuntimeMissingError, match="/nowhere/python"):
            make_host(interpreter=Path("/nowhere/python"))
