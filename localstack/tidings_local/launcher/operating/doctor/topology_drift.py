"""Check that RabbitMQ has the queues and bindings of infra/rabbitmq/topology.yaml."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from tidings_local.topology import (
    Topology,
    load,
    queue_arguments,
    retry_arguments,
    retry_name,
)

from .broker import Binding, Broker, Queue, broker_of
from .finding import Finding, Section, bad, listed, ok, warn
from .installation import Installation

DECLARE = "make declare-topology"
REPLACE = f"delete the queue when it is empty (RabbitMQ's management), then {DECLARE}"
OF_RETURNS = "x-delivery-limit"
"""Depends on the version of RabbitMQ that made the queue (docs/bridge.md)."""


def check_topology(installation: Installation) -> Finding:
    return topology_finding(broker_of(installation), load())


def topology_finding(broker: Broker, topology: Topology) -> Finding:
    queues, bindings = broker.queues(), broker.bindings()
    missing = [
        *missing_exchanges(broker.exchanges(), topology),
        *missing_queues(queues, topology),
        *missing_bindings(bindings, topology),
    ]
    if missing:
        return bad(
            f"missing in RabbitMQ: {listed(missing)}", DECLARE, Section.BRIDGE_IS_NOT_CONSUMING
        )
    if changed := list(changed_arguments(queues, topology)):
        return bad(f"other than in topology.yaml: {listed(changed)}", REPLACE)
    if unknown := list(unknown_bindings(bindings, topology)):
        told = f"bound, but not in topology.yaml: {listed(unknown)}"
        return warn(told, "remove the binding in RabbitMQ's management, or add it to the file")
    return ok(topology.summary())


def missing_exchanges(found: Mapping[str, str], topology: Topology) -> Iterator[str]:
    for name, kind in topology.exchanges.items():
        if found.get(name) != kind:
            yield f"the {kind} exchange {name}"


def missing_queues(found: Collection[str], topology: Topology) -> Iterator[str]:
    for name in _arguments(topology):
        if name not in found:
            yield f"the queue {name}"


def missing_bindings(found: Collection[Binding], topology: Topology) -> Iterator[str]:
    for each in _bindings(topology):
        if each not in found:
            yield _told(each)


def unknown_bindings(found: Collection[Binding], topology: Topology) -> Iterator[str]:
    ours, known = set(_arguments(topology)), set(_bindings(topology))
    for each in sorted(found, key=_told):
        if each.queue in ours and each not in known:
            yield _told(each)


def changed_arguments(found: Mapping[str, Queue], topology: Topology) -> Iterator[str]:
    for name, wanted in _arguments(topology).items():
        has = {k: v for k, v in found[name].arguments.items() if k != OF_RETURNS}
        differs = sorted(key for key in has.keys() | wanted if has.get(key) != wanted.get(key))
        for key in differs:
            yield f"{name} has {key} {has.get(key, 'not set')}"


def _arguments(topology: Topology) -> dict[str, dict[str, object]]:
    waiting = {retry_name(each): retry_arguments(each) for each in topology.retry_delays_seconds}
    return {name: queue_arguments(of) for name, of in topology.queues.items()} | waiting


def _bindings(topology: Topology) -> Iterator[Binding]:
    for queue, exchanges in topology.queues.items():
        for exchange, keys in exchanges.items():
            for key in keys:
                yield Binding(exchange, queue, key)
    for delay in topology.retry_delays_seconds:
        yield Binding(retry_name(delay), retry_name(delay), retry_name(delay))


def _told(binding: Binding) -> str:
    key = f" for {binding.routing_key}" if binding.routing_key else ""
    return f"the binding of {binding.queue} to {binding.exchange}{key}"
