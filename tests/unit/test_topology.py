from pathlib import Path
from typing import Any

import pytest
import yaml

from tidings_local.topology import (
    DEFAULT_FILE,
    Topology,
    TopologyError,
    load,
    main,
    queue_arguments,
    retry_arguments,
    retry_name,
    unlimited_returns,
)

VALID: dict[str, Any] = {
    "exchanges": {
        "user-events": "topic",
        "dead-letter-exchange": "fanout",
        "unreadable-exchange": "fanout",
    },
    "retry_delays_seconds": [1, 5],
    "queues": {
        "inventory": {"user-events": ["order.placed"]},
        "failed-messages": {"dead-letter-exchange": [""]},
        "unreadable-messages": {"unreadable-exchange": [""]},
    },
}


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "topology.yaml"
    path.write_text(yaml.safe_dump(VALID | changes))
    return path


def test_projects_own_file_is_valid() -> None:
    topology = load(DEFAULT_FILE)
    assert topology.retry_delays_seconds == [1, 5, 25, 120, 600]
    assert "failed-messages" in topology.queues


def test_valid_file(tmp_path: Path) -> None:
    assert load(written(tmp_path)) == Topology.model_validate(VALID)


def with_queue(name: str, bindings: object) -> dict[str, object]:
    return {"queues": VALID["queues"] | {name: bindings}}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (with_queue("orders", {"user-event": ["a"]}), "queues.orders: unknown exchange"),
        (with_queue("orders", {"user-events": "a"}), "queues.orders.user-events: "),
        (with_queue("orders", None), "queues.orders: "),
        (with_queue("retry.mine", {}), "retry.mine: names that begin with"),
        ({"exchanges": {"user-events": "topical"}}, "exchanges.user-events: "),
        ({"queues": {"inventory": {}}}, "no queue is bound to dead-letter-exchange"),
        ({"queues": {"inventory": {}}}, "no queue is bound to unreadable-exchange"),
        ({"retry_delays_seconds": [0]}, "retry_delays_seconds.0: "),
        ({"retry_delays_seconds": [5, 5]}, "retry_delays_seconds: a delay is repeated"),
        ({"bindings": {}}, "bindings: "),
    ],
)
def test_mistake_is_reported_with_its_place(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(TopologyError, match=r"topology\.yaml") as refused:
        load(written(tmp_path, **changes))
    assert told in str(refused.value)


@pytest.mark.parametrize("text", ["", "- a", "a: [", "exchanges:"])
def test_file_that_is_not_a_topology(tmp_path: Path, text: str) -> None:
    path = tmp_path / "topology.yaml"
    path.write_text(text)
    with pytest.raises(TopologyError):
        load(path)


def test_queues_dead_letter_at_least_once() -> None:
    assert queue_arguments({"user-events": ["order.placed"]}) == {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "dead-letter-exchange",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


@pytest.mark.parametrize(
    ("version", "argument"),
    [
        ("3.10.8", {}),
        ("3.13.7", {}),
        ("4.2.0", {"x-delivery-limit": -1}),
        ("10.0", {"x-delivery-limit": -1}),
    ],
)
def test_returns_are_unlimited_by_the_argument_of_the_version(
    version: str, argument: dict[str, int]
) -> None:
    assert unlimited_returns(version) == argument


def test_unroutable_dead_letters_go_to_the_last_queue_only() -> None:
    dead_letters = queue_arguments({"dead-letter-exchange": [""]})
    assert dead_letters["x-dead-letter-exchange"] == "unreadable-exchange"
    assert queue_arguments({"unreadable-exchange": [""]}) == {"x-queue-type": "quorum"}


def test_retry_queue_returns_with_the_messages_own_routing_key() -> None:
    arguments = retry_arguments(25)
    assert retry_name(25) == "retry.25s"
    assert arguments["x-message-ttl"] == 25_000
    assert arguments["x-dead-letter-exchange"] == ""
    assert "x-dead-letter-routing-key" not in arguments


def test_command_without_a_broker_prints_one_line_without_the_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--url", "http://guest:s3cret@localhost"]) == 1
    told = capsys.readouterr().err
    assert (
        told == "topology: TIDINGS_AMQP_URL: expected amqp://user:password@host:port/virtual-host\n"
    )


def test_command_names_the_broker_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "amqp://guest:s3cret@127.0.0.1:1/shop"]) == 1
    told = capsys.readouterr().err
    assert "127.0.0.1:1, virtual host shop" in told
    assert "s3cret" not in told
