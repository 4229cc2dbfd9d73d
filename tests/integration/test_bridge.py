"""The bridge as a process, with the real RabbitMQ of TIDINGS_AMQP_URL."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pika
import pytest

from tests.faults.proxy import Proxy
from tests.unit.bridge.lambda_endpoint import (
    BROKEN_GATEWAY,
    BROKER_ARN,
    FUNCTION_ERROR,
    SUCCESS,
    THROTTLED,
    Invocation,
    LambdaEndpoint,
    Reply,
)
from tests.unit.runner.socket_server import serving
from tests.waiting import eventually
from tidings_local.launcher.running.services.service import ask
from tidings_local.topology import (
    DEAD_LETTER_EXCHANGE,
    UNREADABLE_EXCHANGE,
    Topology,
    TopologyError,
    declare,
    retry_arguments,
)

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 180.0
QUORUM = {"x-queue-type": "quorum"}


def wait_until(condition: Callable[[], object], what: str) -> None:
    eventually(condition, seconds=LIMIT_SECONDS, what=what)


# Exchanges to which a stack's own queues are bound as well.
SHARED = (DEAD_LETTER_EXCHANGE, UNREADABLE_EXCHANGE)


class Broker:
    """The test's own connection, with queues that are deleted at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        parameters = pika.URLParameters(url)
        parameters.heartbeat = 0  # the test sends none while it does other things
        self._connection = pika.BlockingConnection(parameters)
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._queues: list[str] = []
        self._exchanges: list[str] = []

    def name(self, stem: str) -> str:
        return f"test-{stem}-{uuid.uuid4().hex[:8]}"

    def queue(self, stem: str = "queue", **arguments: Any) -> str:
        return self.declare(self.name(stem), **arguments)

    def declare(self, name: str, **arguments: Any) -> str:
        self._channel.queue_declare(name, durable=True, arguments=QUORUM | arguments)
        self._queues.append(name)
        return name

    def declare_exchange(self, name: str, kind: str, bound_to: str) -> None:
        self._channel.exchange_declare(name, kind, durable=True)
        self._exchanges.append(name)
        self._channel.queue_bind(bound_to, name)

    def declare_topology(self, topology: Topology) -> None:
        self._exchanges += [name for name in topology.exchanges if name not in SHARED]
        self._queues += topology.queues
        for delay in topology.retry_delays_seconds:
            self._exchanges.append(f"retry.{delay}s")
            self._queues.append(f"retry.{delay}s")
        declare(self._connection, topology)

    def publish(self, queue: str, *bodies: str, exchange: str = "", **properties: Any) -> None:
        for body in bodies:
            settings = pika.BasicProperties(delivery_mode=2, **properties)
            self._channel.basic_publish(exchange, queue, body.encode(), settings, mandatory=True)

    def ready(self, queue: str) -> int:
        return int(self._channel.queue_declare(queue, passive=True).method.message_count)

    def pop(self, queue: str) -> str | None:
        _, _, body = self._channel.basic_get(queue, auto_ack=True)
        return None if body is None else body.decode()

    def reject(self, queue: str) -> None:
        method, _, _ = self._channel.basic_get(queue)
        assert method
        assert method.delivery_tag
        self._channel.basic_reject(method.delivery_tag, requeue=False)

    def delete(self, queue: str) -> None:
        self._channel.queue_delete(queue)

    def close(self) -> None:
        for queue in self._queues:
            self._channel.queue_delete(queue)
        for exchange in self._exchanges:
            self._channel.exchange_delete(exchange)
        self._connection.close()


class Bridge:
    """A bridge process and its log lines."""

    def __init__(
        self, amqp_url: str, lambda_url: str, runner: Path | None = None, **settings: Any
    ) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "localstack"),
            "TIDINGS_AMQP_URL": amqp_url,
            "AWS_ENDPOINT_URL": lambda_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TIDINGS_BRIDGE_PORT": "0",
            "TIDINGS_BRIDGE_POLL_SECONDS": "0.1",
        } | {f"TIDINGS_BRIDGE_{name.upper()}": str(value) for name, value in settings.items()}
        if runner:
            environment["TIDINGS_RUNNER_SOCKET"] = str(runner)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tidings_local.bridge"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.logged("bridge is up"), "the bridge is up")
        self._url = f"http://127.0.0.1:{self.logged('bridge is up')[0]['port']}"

    def logged(self, message: str, **fields: Any) -> list[dict[str, Any]]:
        wanted = {"message": message} | fields
        return [line for line in list(self.lines) if wanted.items() <= line.items()]

    def health(self) -> dict[str, Any]:
        health: dict[str, Any] = ask(f"{self._url}/health", timeout=LIMIT_SECONDS).json()
        return health

    def metrics(self) -> str:
        return ask(f"{self._url}/metrics", timeout=LIMIT_SECONDS).text

    def states(self) -> dict[str, str]:
        return {item["queue"]: item["state"] for item in self.health()["mappings"]}

    def consumes(self, *queues: str) -> "Bridge":
        wanted = dict.fromkeys(queues, "consuming")
        wait_until(lambda: wanted.items() <= self.states().items(), f"consuming {queues}")
        return self

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_SECONDS)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(json.loads(line))


@pytest.fixture
def amqp_url(rabbit: Any) -> str:
    """A virtual host of this session: dead letters of other tests would reach our queues."""
    return str(rabbit.url)


@pytest.fixture
def broker(amqp_url: str) -> Iterator[Broker]:
    broker = Broker(amqp_url)
    yield broker
    broker.close()


@pytest.fixture
def endpoint() -> Iterator[LambdaEndpoint]:
    with LambdaEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def start_bridge(broker: Broker, endpoint: LambdaEndpoint) -> Iterator[Callable[..., Bridge]]:
    bridges: list[Bridge] = []

    def start(amqp_url: str = broker.url, **settings: Any) -> Bridge:
        bridges.append(Bridge(amqp_url, endpoint.url, **settings))
        return bridges[-1]

    yield start
    for bridge in bridges:
        bridge.kill()


@pytest.fixture
def proxy(amqp_url: str) -> Iterator[Proxy]:
    """A connection to the broker that can be cut, as when the broker is lost."""
    proxy = Proxy(amqp_url)
    yield proxy
    proxy.close()


class Gate:
    """A function that runs until a test lets it end."""

    def __init__(self, reply: Reply = SUCCESS) -> None:
        self._open = threading.Event()
        self._reply = reply

    def __call__(self, _invocation: Invocation) -> Reply:
        self._open.wait(LIMIT_SECONDS)
        return self._reply

    def open(self) -> None:
        self._open.set()


def test_handled_message_has_the_event_of_aws_and_is_acknowledged(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue("inventory")
    endpoint.map(queue, "reserve")
    bridge = start_bridge().consumes(queue)
    broker.publish(queue, "{}", correlation_id="c-1", headers={"attempt": 2, "kind": "order"})
    wait_until(lambda: bridge.logged("batch handled", queue=queue), "the batch is handled")
    event = endpoint.of("reserve")[0].event
    [message] = event["rmqMessagesByQueue"][f"{queue}::{_virtual_host(broker.url)}"]
    assert (event["eventSource"], event["eventSourceArn"]) == ("aws:rmq", BROKER_ARN)
    assert message["data"] == "e30="
    assert message["redelivered"] is False
    assert message["basicProperties"]["headers"] == {
        "attempt": 2,
        "kind": {"bytes": list(b"order")},
    }
    [line] = bridge.logged("batch handled")
    assert (line["function"], line["batch_size"]) == ("reserve", 1)
    assert line["correlation_ids"] == ["c-1"]
    assert bridge.terminate() == 0
    assert broker.ready(queue) == 0


def test_functions_are_called_by_the_runners_socket(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge], tmp_path: Path
) -> None:
    queue = broker.queue("inventory")
    endpoint.map(queue, "reserve")
    socket_path = tmp_path / "runner.sock"
    bridge = start_bridge(runner=socket_path).consumes(queue)
    broker.publish(queue, "while the runner is away")
    wait_until(lambda: bridge.logged("batch failed, it returns to its queue"), "it goes back")
    assert bridge.logged("batch failed, it returns to its queue")[0]["result"] == "unreachable"
    with serving(socket_path) as runner:
        wait_until(lambda: bridge.logged("batch handled", queue=queue), "the batch is handled")
        (asked,) = runner.asked
    assert asked.target.endswith("function:reserve/invocations")
    assert "rmqMessagesByQueue" in asked.content
    assert endpoint.invocations == []
    assert broker.ready(queue) == 0


def test_health_and_metrics_report_the_results(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "reserve")
    bridge = start_bridge().consumes(queue)
    broker.publish(queue, "one")
    wait_until(lambda: bridge.health()["mappings"][0]["messages"].get("acked"), "acknowledged")
    health = bridge.health()
    assert health["status"] == "ok"
    assert health["broker"] == {"connected": True}
    assert health["lambda"]["reachable"] is True
    assert health["mappings"][0]["last_success"]
    metrics = bridge.metrics()
    labels = f'function="reserve",queue="{queue}"'
    for sample in (
        f'tidings_bridge_messages_total{{function="reserve",outcome="acked",queue="{queue}"}} 1.0',
        f'tidings_bridge_invocations_total{{{labels},result="success"}} 1.0',
        f"tidings_bridge_invoke_seconds_count{{{labels}}} 1.0",
        f"tidings_bridge_in_flight{{{labels}}} 0.0",
        f"tidings_bridge_broker_connected{{{labels}}} 1.0",
        "tidings_bridge_mappings 1.0",
    ):
        assert sample in metrics


@pytest.mark.parametrize("refusal", [FUNCTION_ERROR, THROTTLED, BROKEN_GATEWAY])
def test_failed_batch_returns_after_a_pause_and_the_other_mapping_continues(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge], refusal: Reply
) -> None:
    failing, healthy = broker.queue("failing"), broker.queue("healthy")
    endpoint.map(failing, "fails")
    endpoint.map(healthy, "works")
    others_done = threading.Event()
    endpoint.behave("fails", lambda _: SUCCESS if others_done.is_set() else refusal)
    bridge = start_bridge().consumes(failing, healthy)
    broker.publish(failing, "again")
    wait_until(lambda: endpoint.of("fails"), "the first attempt")
    broker.publish(healthy, *"abc")
    wait_until(lambda: len(endpoint.bodies("works")) == 3, "the healthy mapping's messages")
    others_done.set()
    wait_until(lambda: bridge.logged("batch handled", queue=failing), "handled in the end")
    first, second = endpoint.of("fails")[:2]
    assert first.bodies == second.bodies == ["again"]
    assert [item.messages[0]["redelivered"] for item in (first, second)] == [False, True]
    assert second.at - first.at >= 0.25
    assert bridge.terminate() == 0
    assert broker.ready(failing) == 0


def test_pause_grows_while_the_function_keeps_failing(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "fails")
    endpoint.behave("fails", FUNCTION_ERROR)
    bridge = start_bridge()
    broker.publish(queue, "poison")
    wait_until(lambda: len(endpoint.of("fails")) == 3, "three attempts")
    first, second, third = (item.at for item in endpoint.of("fails"))
    assert second - first >= 0.25
    assert third - second >= 0.5
    wait_until(lambda: bridge.states()[queue] == "backing_off", "backing off again")
    assert "function_error" in bridge.health()["mappings"][0]["last_error"]["what"]


def test_function_that_hangs_is_abandoned_after_its_timeout(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "hangs")
    endpoint.timeouts["hangs"] = -14  # with the additional time: one second
    gate = Gate()
    endpoint.behave("hangs", gate)
    bridge = start_bridge().consumes(queue)
    broker.publish(queue, "slow")
    wait_until(lambda: bridge.logged("batch failed, it returns to its queue"), "given up")
    assert bridge.logged("batch failed, it returns to its queue", result="timeout")
    gate.open()
    wait_until(lambda: bridge.logged("batch handled"), "handled at the second attempt")


def test_messages_wait_while_lambda_is_unavailable(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "reserve")
    bridge = start_bridge().consumes(queue)
    endpoint.stop()
    broker.publish(queue, *"abc")
    wait_until(lambda: bridge.logged("batch failed, it returns to its queue"), "a failed attempt")
    wait_until(lambda: not bridge.health()["lambda"]["reachable"], "Lambda shown as away")
    assert bridge.health()["status"] == "degraded"
    endpoint.start()
    wait_until(lambda: sorted(endpoint.bodies("reserve")) == ["a", "b", "c"], "all delivered")
    wait_until(lambda: bridge.health()["status"] == "ok", "healthy again")


def test_returned_broker_is_consumed_again(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge], proxy: Proxy
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "reserve")
    bridge = start_bridge(proxy.url).consumes(queue)
    proxy.refuse()
    wait_until(lambda: bridge.logged("broker connection is lost", queue=queue), "the loss is seen")
    assert bridge.health()["broker"] == {"connected": False}
    broker.publish(queue, "meanwhile")
    proxy.resume()
    wait_until(lambda: endpoint.bodies("reserve") == ["meanwhile"], "delivered after all")


def test_batch_whose_connection_was_lost_is_delivered_again(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge], proxy: Proxy
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "reserve")
    gate = Gate()
    endpoint.behave("reserve", gate)
    bridge = start_bridge(proxy.url).consumes(queue)
    broker.publish(queue, "unsettled")
    wait_until(lambda: endpoint.of("reserve"), "the first attempt")
    proxy.refuse()
    wait_until(lambda: bridge.logged("broker connection is lost"), "the loss is seen")
    proxy.resume()
    gate.open()
    wait_until(lambda: len(endpoint.of("reserve")) == 2, "the second attempt")
    assert endpoint.of("reserve")[1].messages[0]["redelivered"] is True
    wait_until(lambda: bridge.health()["mappings"][0]["messages"].get("acked") == 1, "settled")


def test_mappings_are_updated_without_restart(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    first, second = broker.queue("first"), broker.queue("second")
    mapping = endpoint.map(first, "one")
    bridge = start_bridge().consumes(first)
    mapping["State"] = "Disabled"
    wait_until(lambda: bridge.states() == {}, "the disabled mapping is let go")
    (warning,) = bridge.logged("mapping disabled or deleted: its queue is not consumed")
    assert (warning["level"], warning["queue"]) == ("WARNING", first)
    broker.publish(first, "waits")
    endpoint.map(second, "two")
    bridge.consumes(second)
    broker.publish(second, "goes")
    wait_until(lambda: endpoint.bodies("two") == ["goes"], "the new mapping works")
    assert broker.ready(first) == 1
    assert endpoint.of("one") == []
    mapping["State"] = "Enabled"
    wait_until(lambda: endpoint.bodies("one") == ["waits"], "enabled again")


def test_changed_batch_size_is_applied(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    mapping = endpoint.map(queue, "one", BatchSize=1)
    bridge = start_bridge().consumes(queue)
    mapping |= {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 300}
    wait_until(lambda: _batch_sizes(bridge) == [3], "the change is seen")
    bridge.consumes(queue)
    broker.publish(queue, *"abcdef")
    wait_until(lambda: len(endpoint.of("one")) == 2, "two full batches")
    assert [item.bodies for item in endpoint.of("one")] == [list("abc"), list("def")]


def test_next_batch_gathers_while_one_is_handled(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=3)
    gate = Gate()
    endpoint.behave("one", gate)
    bridge = start_bridge().consumes(queue)
    broker.publish(queue, "a")
    wait_until(lambda: len(endpoint.of("one")) == 1, "at work")
    broker.publish(queue, *"bcdef")
    wait_until(lambda: broker.ready(queue) == 0, "the bridge has them all")
    gate.open()
    wait_until(lambda: _handled(bridge) == 3, "settled")
    assert [len(each.bodies) for each in endpoint.of("one")] == [1, 3, 2]


def test_batching_window_is_measured_from_the_first_message(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=1000, MaximumBatchingWindowInSeconds=1)
    broker.publish(queue, "a", "b")
    started_at = time.monotonic()
    start_bridge()

    def window_ends() -> bool:
        broker.publish(queue, "more")  # sooner after the previous message than the window's length
        return bool(endpoint.of("one"))

    wait_until(window_ends, "the window's end")
    assert endpoint.of("one")[0].bodies[:2] == ["a", "b"]
    assert endpoint.of("one")[0].at - started_at >= 0.9


def test_missing_queue_is_awaited_and_disturbs_no_other(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    missing, present = broker.name("missing"), broker.queue("present")
    endpoint.map(missing, "late")
    endpoint.map(present, "works")
    bridge = start_bridge().consumes(present)
    wait_until(lambda: bridge.states()[missing] == "queue_missing", "the queue is missed")
    wait_until(lambda: bridge.logged("queue is missing", queue=missing), "the log says so")
    broker.publish(present, "goes")
    wait_until(lambda: endpoint.bodies("works") == ["goes"], "the other mapping works")
    broker.declare(missing)
    broker.publish(missing, "there now")
    wait_until(lambda: endpoint.bodies("late") == ["there now"], "the queue is found")


def test_deleted_queue_is_consumed_again_when_it_returns(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one")
    bridge = start_bridge().consumes(queue)
    broker.delete(queue)
    wait_until(lambda: bridge.states()[queue] == "queue_missing", "the loss is seen")
    broker.declare(queue)
    broker.publish(queue, "back")
    wait_until(lambda: endpoint.bodies("one") == ["back"], "consumed again")


def test_two_bridges_share_the_work(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=1)
    both_at_work = threading.Barrier(2)

    def meet(_invocation: Invocation) -> Reply:
        both_at_work.wait(LIMIT_SECONDS)
        return SUCCESS

    endpoint.behave("one", meet)
    bridges = [start_bridge().consumes(queue), start_bridge().consumes(queue)]
    # A bridge holds a second message: of more than two, it could get the last two alone.
    for number, pair in enumerate(("ab", "cd", "ef"), 1):
        broker.publish(queue, *pair)
        wait_until(partial(_each_has_handled, number, bridges), "one each")
    assert sorted(endpoint.bodies("one")) == list("abcdef")


def test_one_batch_at_a_time_unless_configured_otherwise(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=1)
    gate = Gate()
    endpoint.behave("one", gate)
    single = start_bridge().consumes(queue)
    broker.publish(queue, *"abcde")
    # The bridge handles one, and holds the next one.
    wait_until(lambda: len(endpoint.of("one")) == 1, "at work")
    assert single.health()["mappings"][0]["in_flight"] == 1
    triple = start_bridge(concurrency=3).consumes(queue)
    wait_until(lambda: len(endpoint.of("one")) == 4, "three more at once")
    assert triple.health()["mappings"][0]["in_flight"] == 3
    gate.open()
    wait_until(lambda: triple.health()["mappings"][0]["messages"].get("acked") == 3, "settled")


def test_sigterm_drains(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=1)
    gate = Gate()
    endpoint.behave("one", gate)
    bridge = start_bridge(concurrency=2).consumes(queue)
    broker.publish(queue, "under way", "under way too", "waiting")
    wait_until(lambda: len(endpoint.of("one")) == 2, "two are under way")
    bridge.process.send_signal(signal.SIGTERM)
    wait_until(lambda: bridge.states().get(queue) == "draining", "the bridge drains")
    gate.open()
    assert bridge.process.wait(LIMIT_SECONDS) == 0
    assert len(endpoint.of("one")) == 2
    assert eventually(lambda: broker.pop(queue)) == "waiting"
    assert broker.pop(queue) is None


def test_drain_stops_at_its_limit_and_requeues(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one")
    endpoint.behave("one", Gate())
    bridge = start_bridge(drain_seconds=0.3).consumes(queue)
    broker.publish(queue, "too slow")
    wait_until(lambda: endpoint.of("one"), "under way")
    assert bridge.terminate() == 0
    limit = "drain limit reached, invocations under way will be delivered again"
    wait_until(lambda: bridge.logged(limit), "the log says so")
    assert eventually(lambda: broker.pop(queue)) == "too slow"


def test_kill_loses_nothing(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=10)
    bodies = [str(number) for number in range(200)]
    gate = Gate()
    endpoint.behave("one", lambda item: gate(item) if len(endpoint.of("one")) > 5 else SUCCESS)
    bridge = start_bridge().consumes(queue)
    broker.publish(queue, *bodies)
    wait_until(lambda: len(endpoint.of("one")) == 6, "in the middle of it")
    bridge.kill()
    gate.open()
    start_bridge()
    wait_until(lambda: set(endpoint.bodies("one")) == set(bodies), "everything was delivered")
    wait_until(lambda: broker.ready(queue) == 0, "the queue is empty")


def queue_with_dead_letters(broker: Broker) -> tuple[str, str]:
    """Return a queue and the queue of its dead letters."""
    dead = broker.queue("dead")
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    return broker.queue("queue", **arguments), dead


def test_message_too_large_for_an_invocation_becomes_a_dead_letter(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue, dead = queue_with_dead_letters(broker)
    endpoint.map(queue, "one")
    bridge = start_bridge().consumes(queue)
    broker.publish(queue, "x" * 5_000_000, message_id="m-1", correlation_id="c-1")
    broker.publish(queue, "small")
    wait_until(lambda: endpoint.bodies("one") == ["small"], "the small one is delivered")
    wait_until(lambda: broker.ready(dead) == 1, "the large one is a dead letter")
    [line] = eventually(lambda: bridge.logged("message sent to dead letters", queue=queue))
    assert (line["message_id"], line["correlation_ids"]) == ("m-1", ["c-1"])


def test_unreadable_message_stops_no_other(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue, dead = queue_with_dead_letters(broker)
    endpoint.map(queue, "one")
    broker.publish(queue, "no text", message_id=b"\xff\xfe")
    broker.publish(queue, "good")
    start_bridge().consumes(queue)
    wait_until(lambda: endpoint.bodies("one") == ["good"], "the good one is delivered")
    wait_until(lambda: broker.ready(dead) == 1, "the other one is a dead letter")


def test_batch_stays_within_the_payload_limit(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge]
) -> None:
    queue = broker.queue()
    endpoint.map(queue, "one", BatchSize=3, MaximumBatchingWindowInSeconds=300)
    start_bridge().consumes(queue)
    broker.publish(queue, *("abc"[n] * 2_000_000 for n in range(3)), "d", "e")
    wait_until(lambda: len(endpoint.of("one")) == 2, "two invocations")
    assert [[body[0] for body in item.bodies] for item in endpoint.of("one")] == [
        ["a", "b"],
        ["c", "d", "e"],
    ]
    assert all(len(item.payload) <= 6 * 1024 * 1024 for item in endpoint.of("one"))


def test_mappings_may_come_from_a_file(
    broker: Broker, endpoint: LambdaEndpoint, start_bridge: Callable[..., Bridge], tmp_path: Path
) -> None:
    first, second = broker.queue("first"), broker.queue("second")
    path = tmp_path / "mappings.json"
    _write_mappings(path, one=first)
    bridge = start_bridge(mappings_file=path).consumes(first)
    _write_mappings(path, one=first, two=second)
    bridge.consumes(first, second)
    broker.publish(second, "goes")
    wait_until(lambda: endpoint.bodies("two") == ["goes"], "delivered")
    path.unlink()
    wait_until(lambda: bridge.health()["status"] == "degraded", "the file is missed")
    assert bridge.states() == {first: "consuming", second: "consuming"}


def test_retry_exchange_returns_a_message_to_its_queue(broker: Broker) -> None:
    queue, retry = broker.queue("inventory"), broker.name("retry")
    broker.declare(retry, **retry_arguments(1))
    broker.declare_exchange(retry, "fanout", bound_to=retry)
    published_at = time.monotonic()
    broker.publish(queue, "later", exchange=retry, headers={"attempt": 1})
    wait_until(lambda: broker.ready(queue) == 1, "back after its second")
    assert time.monotonic() - published_at >= 1
    assert broker.pop(queue) == "later"
    assert broker.ready(retry) == 0


def test_topology_can_be_declared_twice(broker: Broker) -> None:
    topology = _topology(broker)
    [queue, dead, unreadable] = topology.queues
    broker.declare_topology(topology)
    broker.declare_topology(topology)
    [events] = [name for name in topology.exchanges if name not in SHARED]
    broker.publish("order.placed", "event", exchange=events)
    wait_until(lambda: broker.ready(queue) == 1, "the event is there")
    broker.reject(queue)
    wait_until(lambda: broker.ready(dead) == 1, "the rejected message is a dead letter")
    broker.reject(dead)
    wait_until(lambda: broker.ready(unreadable) == 1, "what no function can take is kept")


def test_queue_with_other_arguments_is_named(broker: Broker) -> None:
    topology = _topology(broker)
    queue = next(iter(topology.queues))
    broker.declare(queue, **{"x-max-length": 5})
    with pytest.raises(TopologyError, match=queue) as refused:
        broker.declare_topology(topology)
    assert "PRECONDITION_FAILED" in str(refused.value)


def test_topology_command_lists_its_declarations(broker: Broker, tmp_path: Path) -> None:
    topology = _topology(broker)
    broker.declare_topology(topology)  # so that the broker's fixture deletes them
    path = tmp_path / "topology.yaml"
    path.write_text(topology.model_dump_json())
    answer = subprocess.run(
        [sys.executable, "-m", "tidings_local.topology", "--file", path],
        env={"PYTHONPATH": str(ROOT / "localstack"), "TIDINGS_AMQP_URL": broker.url},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert answer.returncode == 0, answer.stderr
    assert "3 exchanges, 3 queues, 3 bindings, 1 retry delays" in answer.stdout


def test_invalid_settings_are_reported_without_the_password() -> None:
    for url in ("http://guest:s3cret@localhost", "amqp://guest:s3cret@:x", "nonsense"):
        answer = subprocess.run(
            [sys.executable, "-m", "tidings_local.bridge"],
            env={"PYTHONPATH": str(ROOT / "localstack"), "TIDINGS_AMQP_URL": url},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
        assert answer.returncode == 2
        assert len(answer.stdout.splitlines()) == 1
        assert "TIDINGS_AMQP_URL" in json.loads(answer.stdout)["error"]
        assert "s3cret" not in answer.stdout + answer.stderr


def _topology(broker: Broker) -> Topology:
    """Return names and a delay of this test, because a stack may use the same broker."""
    events = broker.name("events")
    return Topology(
        exchanges={
            events: "topic",
            DEAD_LETTER_EXCHANGE: "fanout",
            UNREADABLE_EXCHANGE: "fanout",
        },
        queues={
            broker.name("inventory"): {events: ["order.placed"]},
            broker.name("failed"): {DEAD_LETTER_EXCHANGE: [""]},
            broker.name("unreadable"): {UNREADABLE_EXCHANGE: [""]},
        },
        retry_delays_seconds=[uuid.uuid4().int % 80_000 + 1_000],
    )


def _write_mappings(path: Path, **queues: str) -> None:
    entries = [
        {
            "FunctionArn": function,
            "EventSourceArn": BROKER_ARN,
            "Queues": [queue],
            "MaximumBatchingWindowInSeconds": 0,
        }
        for function, queue in queues.items()
    ]
    path.with_suffix(".new").write_text(json.dumps({"EventSourceMappings": entries}))
    path.with_suffix(".new").replace(path)


def _each_has_handled(number: int, bridges: Iterable[Bridge]) -> bool:
    return all(_handled(bridge) == number for bridge in bridges)


def _handled(bridge: Bridge) -> int:
    return len(bridge.logged("batch handled"))


def _batch_sizes(bridge: Bridge) -> list[int]:
    return [item["batch_size"] for item in bridge.health()["mappings"]]


def _virtual_host(url: str) -> str:
    return str(pika.URLParameters(url).virtual_host)
