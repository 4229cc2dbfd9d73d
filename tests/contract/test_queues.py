"""Queues, their consumers and the events that go through them fit together."""

from collections.abc import Callable
from typing import Any

import pytest
from generate import event_classes

from tests.contract.project import Function, consumers, functions, routes, topology
from tidings.platform.broker import DEAD_LETTERS, DOMAIN_EVENTS
from tidings.platform.consumer import RETRY_DELAYS_SECONDS
from tidings_local.topology import DEFAULT_FILE, load, retry_name

DEAD_LETTER_QUEUE = "failed-messages"
CONSUMED = sorted(set(topology()["queues"]) - {DEAD_LETTER_QUEUE})
# Bound already for events of the next steps: a message that nobody sends yet.
AHEAD_OF_THEIR_TIME: dict[str, set[str]] = {}


def bindings_of(queue: str) -> set[str]:
    return set(topology()["queues"][queue].get(DOMAIN_EVENTS, []))


def event_types(handler: Callable[..., Any]) -> set[str]:
    return {each.event_type() for each in handler.event_types}  # type: ignore[attr-defined]


def test_every_queue_but_the_dead_letters_has_one_consumer() -> None:
    assert {queue: len(found) for queue, found in consumers().items()} == dict.fromkeys(CONSUMED, 1)


@pytest.mark.parametrize("queue", CONSUMED)
def test_consumer_takes_exactly_what_its_queue_is_bound_to(queue: str) -> None:
    (function,) = consumers()[queue]
    ahead = AHEAD_OF_THEIR_TIME.get(queue, set())
    assert event_types(function.load()) == bindings_of(queue) - ahead
    assert not ahead & set(event_classes()), "it is there now: let its consumer take it"


def test_every_event_is_bound_to_a_queue() -> None:
    # One that nobody takes cannot be routed, and would stay in its outbox for ever.
    bound = {event_type for queue in CONSUMED for event_type in bindings_of(queue)}
    assert set(event_classes()) <= bound


@pytest.mark.parametrize("queue", CONSUMED)
def test_queue_has_a_way_to_the_dead_letters(queue: str) -> None:
    assert DEAD_LETTERS in topology()["queues"][DEAD_LETTER_QUEUE]
    assert topology()["exchanges"][DEAD_LETTERS] == "fanout"
    assert DEAD_LETTERS not in topology()["queues"][queue]


def test_delays_of_consumers_are_those_of_the_retry_queues() -> None:
    assert list(RETRY_DELAYS_SECONDS) == topology()["retry_delays_seconds"]


def test_consumers_and_topology_name_the_retry_exchanges_alike() -> None:
    delays = load(DEFAULT_FILE).retry_delays_seconds
    assert [retry_name(delay) for delay in delays] == [
        f"retry.{delay}s" for delay in RETRY_DELAYS_SECONDS
    ]


def test_mappings_read_the_same_broker() -> None:
    for found in consumers().values():
        for mapping in found[0].events_of("MQ"):
            assert mapping["Broker"] == {"Ref": "BrokerArn"}
            kinds = [access["Type"] for access in mapping["SourceAccessConfigurations"]]
            assert kinds == ["BASIC_AUTH", "VIRTUAL_HOST"]


def kinds_of(function: Function) -> set[str]:
    return {event["Type"] for event in function.events.values()}


@pytest.mark.parametrize("name", sorted(functions()))
def test_function_is_one_thing(name: str) -> None:
    assert len(kinds_of(functions()[name])) <= 1


def test_only_consumers_have_event_types() -> None:
    of_queues = {found[0].name for found in consumers().values()}
    declared = {
        name for name, function in functions().items() if hasattr(function.load(), "event_types")
    }
    assert declared == of_queues
    assert not declared & {function.name for function in routes().values()}
