"""The runner as a process, with real functions and a stand-in for LocalStack."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.ports import reserve
from tests.unit.front_door.builders import (
    a_method,
    a_resource,
    a_stage,
    an_integration,
    uri_of,
)
from tests.unit.lambda_host.builders import a_function, is_running, runtime_python, wait_until
from tests.unit.runner.records.cloudwatch_server import CloudWatchServer
from tidings_local.front_door.deployed import MethodDocument
from tidings_local.lambda_host import Function
from tidings_local.localstack_plugin.handover import Handover, NotTakenError
from tidings_local.runner.client import RunnerAwayError, RunnerClient, RunnerLostError
from tidings_local.runner.forms import ALL, Snapshot, function_form

PREFIX = "arn:aws:lambda:us-east-1:000000000000:function"
LIMIT_SECONDS = 60.0
TALK = (
    "import os, pathlib, time\n"
    "def handler(event, context):\n"
    "    print('said', event.get('word'))\n"
    "    until = event.get('until')\n"
    "    while until and not pathlib.Path(until).exists(): time.sleep(0.01)\n"
    "    return {'pid': os.getpid(), 'stream': context.log_stream_name}\n"
)
NOTE = (
    "import time\n"
    "from pathlib import Path\n"
    "def handler(event, context):\n"
    "    while not Path(event['until']).exists(): time.sleep(0.01)\n"
    "    Path(event['folder'], event['name']).touch()\n"
)
PROXY = "def handler(event, context):\n    return {'statusCode': 200, 'body': event['path']}\n"


class Runner:
    """A runner's process, restarted as by supervisord."""

    def __init__(self, folder: Path, localstack_url: str, **settings: str) -> None:
        self.socket = folder / "runner.sock"
        self.client = RunnerClient(str(self.socket))
        self._reserved = reserve()
        self.port: int = self._reserved.getsockname()[1]
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TIDINGS_RUNNER_SOCKET": str(self.socket),
            "TIDINGS_PUBLIC_PORT": str(self.port),
            "TIDINGS_LOCALSTACK_URL": localstack_url,
            "TIDINGS_RUNTIME_PYTHON": str(runtime_python()),
            "TIDINGS_LAMBDA_DIR": str(folder / "lambda"),
            "TIDINGS_EVENTS_FILE": str(folder / "events.sqlite"),
        } | {f"TIDINGS_{name.upper()}": value for name, value in settings.items()}
        self.start()

    def start(self, until: int = 200) -> None:
        command = [sys.executable, "-m", "tidings_local.runner"]
        self.process = subprocess.Popen(command, env=self._environment)
        self.wait_for_status(until)

    def wait_for_status(self, status: int) -> None:
        wait_until(lambda: self._health() == status, f"health {status}")

    def call(self, name: str, **event: Any) -> Any:
        answer = self.client.invoke(name, json.dumps(event).encode())
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    @property
    def is_busy(self) -> bool:
        metrics = self.client.ask("GET", "/metrics").body
        return b'tidings_runner_in_flight{function="talk"} 1.0' in metrics

    def get(self, path: str) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(url, trust_env=False, timeout=LIMIT_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_SECONDS)

    def close(self) -> None:
        self.kill()
        self._reserved.close()

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_SECONDS)

    def _health(self) -> int:
        assert self.process.poll() is None, "the runner ended"
        try:
            return self.client.ask("GET", "/health").status
        except (RunnerAwayError, RunnerLostError):
            return 0


@pytest.fixture
def localstack() -> Iterator[CloudWatchServer]:
    with CloudWatchServer() as server:
        yield server


@pytest.fixture
def runner(localstack: CloudWatchServer, tmp_path: Path) -> Iterator[Runner]:
    told = Snapshot("s")
    for name, source in (("talk", TALK), ("note", NOTE), ("proxy", PROXY)):
        function = deployed(tmp_path / name, name, source)
        told.apply("functions", function.arn, function_form(function))
    told.apply("rest_apis", ALL, [a_stage(a_resource("/products", leads_to("proxy")))])
    localstack.deployed = asdict(told)
    runner = Runner(tmp_path, localstack.url)
    yield runner
    runner.close()


def deployed(folder: Path, name: str, source: str) -> Function:
    folder.mkdir()
    arn, group = f"{PREFIX}:{name}:$LATEST", f"/aws/lambda/{name}"
    return a_function(
        folder, source, name=name, arn=arn, log_group=group, timeout_seconds=LIMIT_SECONDS
    )


def leads_to(function: str) -> MethodDocument:
    return a_method(integration=an_integration(uri=uri_of(f"{PREFIX}:{function}")))


def meanwhile(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start work in a thread; its result or error is in the list after its end."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(work())
        except RunnerLostError as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def test_log_of_a_call_is_in_the_stream_of_its_process(
    runner: Runner, localstack: CloudWatchServer
) -> None:
    stream = runner.call("talk", word="hello")["stream"]
    wait_until(lambda: bool(localstack.messages("/aws/lambda/talk", stream)), "log")
    lines = localstack.messages("/aws/lambda/talk", stream)
    assert [line.split()[0] for line in lines] == ["START", "said", "END", "REPORT"]
    assert lines[1] == "said hello\n"


def test_calls_of_the_api_are_answered_without_localstack(
    runner: Runner, localstack: CloudWatchServer
) -> None:
    localstack.stop()
    answer = runner.get("/_aws/execute-api/tidings/local/products")
    assert (answer.status_code, answer.text) == (200, "/products")


def test_other_requests_are_503_without_localstack(
    runner: Runner, localstack: CloudWatchServer
) -> None:
    localstack.stop()
    answer = runner.get("/_localstack/health")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_calls_of_the_api_go_through_localstack_if_configured(
    localstack: CloudWatchServer, tmp_path: Path
) -> None:
    everything = Snapshot("s")
    everything.apply("rest_apis", ALL, [a_stage(a_resource("/products", leads_to("proxy")))])
    localstack.deployed = asdict(everything)
    runner = Runner(tmp_path, localstack.url, front_door="localstack")
    try:
        assert runner.get("/_aws/execute-api/tidings/local/products").text == "{}"  # LocalStack's
    finally:
        runner.close()


def test_killed_runner_leaves_no_process_and_learns_the_deployment_again(runner: Runner) -> None:
    before = runner.call("talk")["pid"]
    begun = time.monotonic()
    runner.kill()
    runner.start()
    assert runner.call("talk")["pid"] != before
    assert time.monotonic() - begun < LIMIT_SECONDS
    wait_until(lambda: not is_running(before), "the old process ended")
    assert runner.get("/_aws/execute-api/tidings/local/products").text == "/products"


def test_call_of_a_killed_runner_is_reported_as_lost(runner: Runner, tmp_path: Path) -> None:
    runner.call("talk")
    never = str(tmp_path / "never")
    calling, results = meanwhile(lambda: runner.call("talk", until=never))
    wait_until(lambda: runner.is_busy, "a call runs")
    runner.kill()
    calling.join(LIMIT_SECONDS)
    assert [type(result) for result in results] == [RunnerLostError]


def test_accepted_events_are_called_after_a_kill(runner: Runner, tmp_path: Path) -> None:
    notes, later = tmp_path / "notes", tmp_path / "later"
    notes.mkdir()

    def accept(names: set[str], until: Path) -> None:
        for name in names:
            event = {"folder": str(notes), "name": name, "until": str(until)}
            answer = runner.client.invoke(
                "note", json.dumps(event).encode(), {"X-Amz-Invocation-Type": "Event"}
            )
            assert answer.status == 202

    def are_called(names: set[str]) -> bool:
        return {each.name for each in notes.iterdir()} == names

    before, after = {f"before-{n}" for n in range(10)}, {f"after-{n}" for n in range(10)}
    accept(before, until=notes)  # which is there
    wait_until(lambda: are_called(before), "the first ones are called")
    accept(after, until=later)
    runner.kill()
    assert are_called(before)
    later.touch()
    runner.start()
    wait_until(lambda: are_called(before | after), "all are called")


def test_stopping_runner_answers_and_logs_running_calls(
    runner: Runner, localstack: CloudWatchServer, tmp_path: Path
) -> None:
    runner.call("talk")
    late = tmp_path / "late"
    calling, results = meanwhile(lambda: runner.call("talk", until=str(late), word="late"))
    wait_until(lambda: runner.is_busy, "a call runs")
    functions = psutil.Process(runner.process.pid).children(recursive=True)
    runner.process.send_signal(signal.SIGTERM)
    late.touch()
    assert runner.process.wait(LIMIT_SECONDS) == 0
    calling.join(LIMIT_SECONDS)
    assert "said late\n" in localstack.messages("/aws/lambda/talk", results[0]["stream"])
    wait_until(lambda: not any(is_running(each.pid) for each in functions), "all ended")
    assert not runner.socket.exists()


def test_logs_of_the_last_calls_are_written_before_the_end(
    runner: Runner, localstack: CloudWatchServer
) -> None:
    stream = runner.call("talk", word="bye")["stream"]
    runner.terminate()
    assert "said bye\n" in localstack.messages("/aws/lambda/talk", stream)


def test_runner_waits_for_the_deployment_from_localstack(
    localstack: CloudWatchServer, runner: Runner
) -> None:
    told, localstack.deployed = localstack.deployed, None
    runner.kill()
    runner.start(until=503)
    assert runner.client.invoke("talk", b"{}").status == 503
    localstack.deployed = told
    runner.wait_for_status(200)
    assert "pid" in runner.call("talk")


def test_frozen_runner_refuses_a_deployment_and_gets_it_when_it_continues(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = RunnerClient(str(runner.socket))
    told = Handover(client)
    old = deployed(tmp_path / "old", "greet", "def handler(event, context):\n    return 'old'\n")
    new = deployed(tmp_path / "new", "greet", "def handler(event, context):\n    return 'new'\n")
    told.put("functions", old.arn, function_form(old))
    runner.process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(told, "_client", RunnerClient(str(runner.socket), answer_seconds=1))
    with pytest.raises(NotTakenError, match="timed out"):
        told.put("functions", new.arn, function_form(replace(new, revision="2")))
    monkeypatch.setattr(told, "_client", client)
    runner.process.send_signal(signal.SIGCONT)
    wait_until(lambda: told.is_in_step, "the runner has everything")
    assert runner.call("greet") == "old"
    told.put("functions", new.arn, function_form(replace(new, revision="2")))
    assert runner.call("greet") == "new"


@pytest.mark.parametrize(
    ("variable", "value"), [("TIDINGS_LOCALSTACK_URL", ""), ("TIDINGS_RUNTIME_PYTHON", "/nowhere")]
)
def test_runner_that_cannot_start_prints_the_reason_in_one_line(
    tmp_path: Path, variable: str, value: str
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TIDINGS_RUNNER_SOCKET": str(tmp_path / "s"),
        "TIDINGS_LOCALSTACK_URL": "http://127.0.0.1:9",
        "TIDINGS_RUNTIME_PYTHON": sys.executable,
        "TIDINGS_LAMBDA_DIR": str(tmp_path),
        "TIDINGS_EVENTS_FILE": str(tmp_path / "events.sqlite"),
    } | {variable: value}
    command = [sys.executable, "-m", "tidings_local.runner"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    assert variable in json.loads(line)["error"]
