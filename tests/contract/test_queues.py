"""The queues, their consumers and their events agree."""

from collections.abc import Callable
from typing import Any

import pytest
from generate import bindings, event_classes

from infra.contracts import template
from tests.contract.project import ROOT, Function, consumers, functions, routes, topology
from tidings.monitoring.domain_health import SERVICES
from tidings.platform.entry.consumer import RETRY_DELAYS_SECONDS
from tidings.platform.messaging.broker import DEAD_LETTERS
from tidings.platform.messaging.queue_names import CONSUMED_BY
from tidings.platform.messaging.queues import retry_queue
from tidings_local.topology import DEFAULT_FILE, load, retry_name

DEAD_LETTER_QUEUE = "failed-messages"
LAST_QUEUE = "unreadable-messages"
CONSUMED = sorted(set(topology()["queues"]) - {DEAD_LETTER_QUEUE, LAST_QUEUE})


def bindings_of(queue: str) -> set[str]:
    return {event_type for event_type, queues in bindings().items() if queue in queues}


def event_types(handler: Callable[..., Any]) -> set[str]:
    return {each.event_type() for each in handler.event_types}  # type: ignore[attr-defined]


def test_every_queue_but_the_last_has_one_consumer() -> None:
    queues = dict.fromkeys(set(topology()["queues"]) - {LAST_QUEUE}, 1)
    assert {queue: len(found) for queue, found in consumers().items()} == queues


@pytest.mark.parametrize("queue", CONSUMED)
def test_consumer_handles_exactly_the_events_bound_to_its_queue(queue: str) -> None:
    (function,) = consumers()[queue]
    assert event_types(function.load()) == bindings_of(queue)


@pytest.mark.parametrize("each", template.consumers(), ids=lambda each: each.module)
def test_docstring_of_a_consumer_names_its_effects(each: template.Consumer) -> None:
    assert all(each.effect_of(name) for name in each.event_types)
    assert set(each.effects) <= each.event_types


def test_table_of_effects_has_every_queue_with_events() -> None:
    assert sorted(queue for each in template.consumers() for queue in each.queues) == CONSUMED


@pytest.mark.parametrize("name", sorted(event_classes()))
def test_every_routing_key_of_an_event_is_bound_to_a_queue(name: str) -> None:
    # An event without a queue cannot be routed, and would stay in its outbox for ever.
    event_class = event_classes()[name]
    queues = topology()["queues"].values()
    bound = {key for each in queues for key in each.get(event_class.EXCHANGE, [])}
    assert set(event_class.routing_keys()) <= bound


def test_every_binding_has_an_event() -> None:
    sent = {
        (each.EXCHANGE, key) for each in event_classes().values() for key in each.routing_keys()
    }
    bound = {
        (exchange, key)
        for queue in CONSUMED
        for exchange, keys in topology()["queues"][queue].items()
        for key in keys
    }
    assert bound <= sent


@pytest.mark.parametrize("queue", CONSUMED)
def test_queue_has_a_dead_letter_route(queue: str) -> None:
    assert DEAD_LETTERS in topology()["queues"][DEAD_LETTER_QUEUE]
    assert topology()["exchanges"][DEAD_LETTERS] == "fanout"
    assert DEAD_LETTERS not in topology()["queues"][queue]


def test_consumers_and_topology_use_the_same_retry_exchanges() -> None:
    delays = load(DEFAULT_FILE).retry_delays_seconds
    assert [retry_name(delay) for delay in delays] == [
        retry_queue(delay) for delay in RETRY_DELAYS_SECONDS
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
def test_function_has_one_kind_of_trigger(name: str) -> None:
    assert len(kinds_of(functions()[name])) <= 1


def test_only_consumers_have_event_types() -> None:
    of_queues = {found[0].name for found in consumers().values()}
    declared = {
        name for name, function in functions().items() if hasattr(function.load(), "event_types")
    }
    assert declared == of_queues
    assert not declared & {function.name for function in routes().values()}


def test_queues_of_a_domain_are_those_of_its_functions() -> None:
    owned: dict[str, set[str]] = {}
    for queue, (function,) in consumers().items():
        owned.setdefault(function.file.parent.name, set()).add(queue)
    assert {domain: set(queues) for domain, queues in CONSUMED_BY.items()} == owned


def test_every_domain_has_a_health() -> None:
    packages = (ROOT / "layers/tidings/tidings").glob("*/__init__.py")
    assert set(SERVICES) == {each.parent.name for each in packages} - {"platform"}
