from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_ins import ServiceException, Shelf
from tests.unit.runner.socket_server import SocketServer, serving
from tidings_local.front_door.http import Response
from tidings_local.runner.events.rules import EventRules

Maker = Callable[..., Any]
QUEUE = "arn:aws:sqs:us-east-1:000000000000:failed"


@pytest.fixture
def runner(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketServer]:
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "runner.sock"))
    with serving(tmp_path / "runner.sock", Response(status=202)) as server:
        yield server


def manager(make_version: Maker, **configs: Any) -> Any:
    """Return LocalStack's event manager of a version."""
    from localstack.services.lambda_.invocation.event_manager import LambdaEventManager

    from tidings_local.localstack_plugin.events import keep_events_in_runner

    keep_events_in_runner()
    version = make_version(dead_letter_arn=None, role="arn:role")
    function = SimpleNamespace(event_invoke_configs=configs)
    return LambdaEventManager(SimpleNamespace(function_version=version, function=function))


def an_event() -> Any:
    return SimpleNamespace(
        payload=b'{"a": 1}',
        request_id="r-1",
        invoked_arn="arn:orders",
        client_context=None,
        trace_context={},
    )


def rules_told(runner: SocketServer) -> EventRules:
    return EventRules.read(runner.asked[-1].headers["x-tidings-event-rules"].encode())


def test_event_is_passed_to_the_runner(runner: SocketServer, make_version: Maker) -> None:
    manager(make_version).enqueue_event(invocation=an_event())
    (asked,) = runner.asked
    assert asked.target == "/2015-03-31/functions/arn:orders:%24LATEST/invocations"
    assert asked.headers["x-amz-invocation-type"] == "Event"
    assert asked.headers["x-tidings-request-id"] == "r-1"
    assert asked.body == b'{"a": 1}'
    assert rules_told(runner) == EventRules(role="arn:role")


def test_retry_settings_are_those_of_the_version(runner: SocketServer, make_version: Maker) -> None:
    config = SimpleNamespace(
        maximum_retry_attempts=0,
        maximum_event_age_in_seconds=60,
        destination_config={"OnFailure": {"Destination": QUEUE}},
    )
    manager(make_version, **{"$LATEST": config}).enqueue_event(invocation=an_event())
    assert rules_told(runner) == EventRules(
        retries=0, max_age_seconds=60, on_failure=QUEUE, role="arn:role"
    )


def test_event_that_is_not_saved_is_not_accepted(runner: SocketServer, make_version: Maker) -> None:
    runner.answers = [Response(status=500, body=b"the disk is full")]
    with pytest.raises(ServiceException, match="the disk is full"):
        manager(make_version).enqueue_event(invocation=an_event())


def test_event_is_not_accepted_without_the_runner(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "nothing.sock"))
    of_orders = manager(make_version)
    monkeypatch.setattr("tidings_local.localstack_plugin.events.PATIENCE_SECONDS", 0.1)
    with pytest.raises(ServiceException, match="the runner is unavailable"):
        of_orders.enqueue_event(invocation=an_event())


def test_no_thread_waits_for_events(runner: SocketServer, make_version: Maker) -> None:
    of_orders = manager(make_version)
    of_orders.start()
    of_orders.stop_for_update()
    of_orders.stop()


class Sent:
    """Records what LocalStack would send."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from localstack.utils.aws import dead_letter_queue

        from tidings_local.localstack_plugin import event_messages

        self.events: list[dict[str, Any]] = []
        self.dead: list[tuple[Any, ...]] = []
        self.error: Exception | None = None
        self._module = event_messages
        monkeypatch.setattr(event_messages, "send_event_to_target", self._send)
        monkeypatch.setattr(dead_letter_queue, "_send_to_dead_letter_queue", self._send_dead)

    def _send(self, **message: Any) -> None:
        if self.error:
            raise self.error
        self.events.append(message)

    def _send_dead(self, *message: Any) -> None:
        self.dead.append(message)

    def ask(self, *messages: dict[str, Any]) -> int:
        form = {"function": "arn:orders:$LATEST", "role": "arn:role", "messages": messages}
        request = SimpleNamespace(get_json=lambda force: form)
        status: int = self._module.send_messages(request).status_code
        return status


@pytest.fixture
def sent(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Sent:
    return Sent(monkeypatch)


def test_destinations_are_called_with_the_functions_role(sent: Sent) -> None:
    assert sent.ask({"target": QUEUE, "body": {"a": 1}, "detail_type": "Failure"}) == 204
    (told,) = sent.events
    assert (told["target_arn"], told["event"], told["role"]) == (QUEUE, {"a": 1}, "arn:role")
    assert told["source_arn"] == "arn:orders"


def test_dead_letters_have_the_payload_and_the_error(sent: Sent) -> None:
    message = {"dead_letters": QUEUE, "body": {"a": 1}, "error": '{"errorMessage": "no"}'}
    assert sent.ask(message) == 204
    ((function, queue, body, error, role),) = sent.dead
    assert (function, queue, body, role) == ("arn:orders:$LATEST", QUEUE, {"a": 1}, "arn:role")
    assert error.result == '{"errorMessage": "no"}'


def test_message_that_cannot_be_sent_is_an_error_for_the_runner(sent: Sent) -> None:
    sent.error = RuntimeError("no such queue")
    assert sent.ask({"target": QUEUE, "body": {}, "detail_type": "Failure"}) == 502
