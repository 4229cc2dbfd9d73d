"""Tests of the runner's socket, with the client of LocalStack and the bridge."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pytest
import uvloop

from tests.host_thread import LoopThread
from tests.unit.runner.builders import PREFIX, FakeHost, FakeRecorder, Told, a_function, an_outcome
from tidings_local.front_door.server import FrontDoor
from tidings_local.lambda_host import HostStoppedError, Invocation, ThrottledError
from tidings_local.runner.calls import Calls
from tidings_local.runner.client import UNTIL_HEADER, Answer, RunnerClient
from tidings_local.runner.control_api import ControlApi
from tidings_local.runner.deployment import Deployment
from tidings_local.runner.dev.api import DevApi
from tidings_local.runner.dev.host import DevHost
from tidings_local.runner.dev.overlay import Overlay
from tidings_local.runner.dev.seen_calls import SeenCalls
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.rules import EventRules
from tidings_local.runner.forms import (
    Change,
    FunctionSettings,
    Snapshot,
    function_form,
    settings_form,
)
from tidings_local.runner.invoke_api import InvokeApi
from tidings_local.runner.records.prometheus import RunnerMetrics
from tidings_local.runner.registry import Registry

ARN = f"{PREFIX}:orders"


@dataclass
class Runner:
    host: FakeHost
    client: RunnerClient
    metrics_port: int
    path: Path
    accepted: list[Event]

    def deploy(self, reserved_concurrency: int | None = None) -> None:
        function, snapshot = a_function(), Snapshot("s")
        settings = FunctionSettings(reserved_concurrency)
        snapshot.apply("functions", function.arn, function_form(function))
        snapshot.apply("settings", ARN, settings_form(settings))
        body = json.dumps(asdict(snapshot)).encode()
        assert self.client.ask("PUT", "/deployed", body).status == 200

    @property
    def invocation(self) -> Invocation:
        ((_, invocation),) = self.host.called
        return invocation


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    host, told, metrics, registry = FakeHost(), Told(), RunnerMetrics(), Registry()
    deployment = Deployment(registry, told.prepared.append, told.retired.append, told.routed.append)
    overlay = Overlay(
        tmp_path / "dev",
        registry.functions.values,
        prepare=told.prepared.append,
        is_prepared=lambda _: True,
        retire=told.retired.append,
    )
    dev = DevApi(overlay, SeenCalls())
    calls = Calls(registry, DevHost(host, overlay, dev.seen), FakeRecorder())
    accepted: list[Event] = []

    async def accept(event: Event) -> None:
        accepted.append(event)

    api = ControlApi(deployment, InvokeApi(calls, accept), metrics, dev)
    loop = LoopThread(uvloop.new_event_loop)
    path = tmp_path / "runner.sock"

    async def open_door() -> FrontDoor:
        door = FrontDoor(api.answer)
        await door.listen_unix(path)
        return door

    async def open_status() -> tuple[FrontDoor, int]:
        door = FrontDoor(api.answer_status)
        return door, await door.listen("127.0.0.1", 0)

    door, (status, port) = loop.run(open_door()), loop.run(open_status())
    yield Runner(host, RunnerClient(str(path)), port, path, accepted)
    loop.run(door.stop(1))
    loop.run(status.stop(1))
    loop.close()


def error_of(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.headers["x-amzn-errortype"]


def test_only_the_owner_can_use_the_socket(runner: Runner) -> None:
    assert runner.path.stat().st_mode & 0o777 == 0o600


def test_runner_without_a_deployment_refuses_calls(runner: Runner) -> None:
    assert runner.client.ask("GET", "/health").status == 503
    answer = runner.client.invoke("orders", b"1")
    assert error_of(answer) == (503, "ServiceException")
    assert answer.headers["retry-after"] == "1"


def test_runner_with_a_deployment_is_ready(runner: Runner) -> None:
    runner.deploy()
    assert json.loads(runner.client.ask("GET", "/health").body) == {"status": "ok", "functions": 1}


def test_port_for_metrics_only_shows_the_state(runner: Runner) -> None:
    runner.deploy()
    at = f"http://127.0.0.1:{runner.metrics_port}"
    with httpx.Client(base_url=at, trust_env=False) as client:
        metrics = client.get("/metrics")
        assert metrics.headers["content-type"].startswith("text/plain; version=")
        assert "tidings_runner_functions 1.0" in metrics.text
        assert client.get("/health").json() == {"status": "ok", "functions": 1}
        refused = [
            client.post(f"/2015-03-31/functions/{ARN}/invocations", content=b"1"),
            client.put("/deployed", content=b"{}"),
            client.post("/metrics"),
        ]
    assert {each.status_code for each in refused} == {404}
    assert runner.host.called == []


def test_only_the_next_change_is_accepted(runner: Runner) -> None:
    runner.deploy()
    for number, status in ((1, 200), (3, 409), (2, 200)):
        change = Change("s", number, "functions", f"{ARN}:1", None)
        answer = runner.client.ask("POST", "/deployed/changes", json.dumps(asdict(change)).encode())
        assert answer.status == status


def test_unreadable_change_is_refused_with_the_reason(runner: Runner) -> None:
    runner.deploy()
    form = function_form(a_function()) | {"of_another_version": 1}
    change = Change("s", 1, "functions", f"{ARN}:$LATEST", form)
    answer = runner.client.ask("POST", "/deployed/changes", json.dumps(asdict(change)).encode())
    assert answer.status == 500
    assert "of_another_version" in json.loads(answer.body)["message"]


def test_call_is_answered_like_by_lambda(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.invoke(ARN, b'{"a": 1}', {"X-Amzn-Trace-Id": "Root=1-2"})
    assert (answer.status, answer.body) == (200, b'"done"')
    assert answer.headers["x-amz-executed-version"] == "$LATEST"
    assert "x-amz-log-result" not in answer.headers
    assert not answer.is_function_error
    assert runner.invocation.payload == b'{"a": 1}'
    assert runner.invocation.invoked_arn == ARN
    assert runner.invocation.trace_id == "Root=1-2"
    assert runner.invocation.client_context is None


def test_call_without_a_payload_has_an_empty_event(runner: Runner) -> None:
    runner.deploy()
    runner.client.invoke("orders", b"")
    assert runner.invocation.payload == b"{}"


def test_localstack_sets_the_id_and_the_name_of_a_call(runner: Runner) -> None:
    runner.deploy()
    runner.client.invoke(
        f"{ARN}:$LATEST",
        b"1",
        {
            "X-Tidings-Request-Id": "r-7",
            "X-Tidings-Invoked-Arn": f"{ARN}:live",
            "X-Amz-Client-Context": base64.b64encode(b'{"custom": {}}').decode(),
        },
    )
    assert runner.invocation.request_id == "r-7"
    assert runner.invocation.invoked_arn == f"{ARN}:live"
    assert runner.invocation.client_context == '{"custom": {}}'


def test_error_of_the_function_is_in_a_header(runner: Runner) -> None:
    runner.deploy()
    runner.host.outcome = an_outcome(is_error=True, payload=b'{"errorType": "KeyError"}')
    answer = runner.client.invoke("orders", b"1")
    assert (answer.status, answer.is_function_error) == (200, True)


def test_end_of_the_log_is_returned_on_request(runner: Runner) -> None:
    runner.deploy()
    runner.host.outcome = an_outcome(logs="x" * 5000 + "END")
    answer = runner.client.invoke("orders", b"1", {"X-Amz-Log-Type": "Tail"})
    assert len(answer.log_tail) == 4096
    assert answer.log_tail.endswith("xEND")


def test_unknown_function_is_404(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.invoke("products", b"1")
    assert error_of(answer) == (404, "ResourceNotFoundException")
    assert json.loads(answer.body)["Message"] == f"Function not found: {PREFIX}:products"


@pytest.mark.parametrize(
    ("reserved", "reason"),
    [
        (0, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (None, "ConcurrentInvocationLimitExceeded"),
    ],
)
def test_throttle_is_429_with_the_body_of_aws(
    runner: Runner, reserved: int | None, reason: str
) -> None:
    runner.deploy(reserved)
    runner.host.error = ThrottledError("arn", 10)
    answer = runner.client.invoke("orders", b"1")
    assert error_of(answer) == (429, "TooManyRequestsException")
    assert json.loads(answer.body) == {
        "Type": "User",
        "Reason": reason,
        "message": "Rate Exceeded.",
    }


def test_payload_that_is_not_json_is_refused(runner: Runner) -> None:
    runner.deploy()
    assert error_of(runner.client.invoke("orders", b"{")) == (400, "InvalidRequestContentException")
    assert runner.host.called == []


def test_client_context_that_is_not_text_is_refused(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.invoke("orders", b"1", {"X-Amz-Client-Context": "/w=="})
    assert error_of(answer) == (400, "InvalidRequestContentException")


def test_payload_over_six_megabytes_is_refused(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.invoke("orders", b'"' + b"x" * 6_291_456 + b'"')
    assert error_of(answer) == (413, "RequestTooLargeException")


def test_dry_run_runs_nothing(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.invoke("orders", b"1", {"X-Amz-Invocation-Type": "DryRun"})
    assert (answer.status, runner.host.called) == (204, [])


def test_event_is_accepted_with_its_retry_settings(runner: Runner) -> None:
    runner.deploy()
    rules = EventRules(retries=1, on_failure="arn:aws:sqs:us-east-1:000000000000:failed")
    headers = {
        "X-Amz-Invocation-Type": "Event",
        "X-Tidings-Request-Id": "r-1",
        "X-Tidings-Event-Rules": rules.written(),
    }
    answer = runner.client.invoke("orders", b'{"a": 1}', headers)
    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["x-amzn-requestid"] == "r-1"
    (event,) = runner.accepted
    assert (event.function, event.payload, event.rules) == (f"{ARN}:$LATEST", '{"a": 1}', rules)
    assert runner.host.called == []


def test_event_that_is_not_json_is_refused(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.invoke("orders", b"{", {"X-Amz-Invocation-Type": "Event"})
    assert (answer.status, runner.accepted) == (400, [])


def test_stopping_runner_answers_that_clients_retry(runner: Runner) -> None:
    runner.deploy()
    runner.host.error = HostStoppedError()
    assert error_of(runner.client.invoke("orders", b"1")) == (503, "ServiceException")


def test_metrics_are_those_of_prometheus(runner: Runner) -> None:
    runner.deploy()
    answer = runner.client.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"tidings_runner_functions 1.0" in answer.body


def test_other_paths_are_not_found(runner: Runner) -> None:
    assert runner.client.ask("GET", "/").status == 404
    assert runner.client.ask("POST", "/health").status == 404


def test_make_dev_makes_calls_run_its_folders(runner: Runner, tmp_path: Path) -> None:
    runner.deploy()
    sources = {"functions": {"orders": str(tmp_path)}, "layers": [], "preload": [], "changed": []}
    body = json.dumps(sources | {"session": "one"}).encode()
    assert runner.client.ask("PUT", "/dev", body).status == 200
    runner.client.invoke("orders", b"1")
    ((function, _),) = runner.host.called
    assert function.code_dir == tmp_path
    told = json.loads(runner.client.ask("GET", "/dev/calls?session=one&after=0").body)
    assert [call["function"] for call in told["calls"]] == ["orders"]


@pytest.mark.parametrize("path", ["/deployed", "/deployed/changes"])
def test_expired_change_is_not_deployed(runner: Runner, path: str) -> None:
    """A runner that hung reads it after the sender has already reported a failure."""
    runner.deploy()
    method = "PUT" if path == "/deployed" else "POST"
    late = {UNTIL_HEADER: str(time.monotonic() - 0.001)}
    empty = json.dumps(asdict(Snapshot("s", 1))).encode()
    assert runner.client.ask(method, path, empty, late).status == 410
    assert runner.client.invoke("orders", b"1").status == 200


def test_change_in_time_is_deployed(runner: Runner) -> None:
    runner.deploy()
    empty = json.dumps(asdict(Snapshot("s", 1))).encode()
    assert runner.client.ask("PUT", "/deployed", empty, expires=True).status == 200
    assert error_of(runner.client.invoke("orders", b"1"))[0] == 404
