"""Checks of RabbitMQ and of what waits in its queues."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from ...running.ports import LOOPBACK
from ...running.services.service import ask
from .broker import Queue, broker_of
from .deployment import ENABLED, mappings_of
from .finding import CannotCheckError, Finding, Level, Section, bad, listed, ok, warn
from .installation import Installation
from .machine import MEGABYTE, version_in
from .template import consumed_queues

OLDEST = (3, 10)
"""The first RabbitMQ whose quorum queues pass on dead letters at least once."""
RETRY = "retry."
FAILED = "failed-messages"
UNREADABLE = "unreadable-messages"
LONG = 10_000
"""From here on the alert QueueIsLong is near."""
SLOW_SECONDS = 30
SLOW_CALL = 10
"""Seconds. The messages of a slow call wait in the function, where no queue is long."""
BRIDGE_SECONDS = 5
MAKE_CONSUME = "make up; the bridge says why: make logs SERVICE=bridge LEVEL=WARNING"
DISK_FACTOR = 2
LOOK_AGAIN_SECONDS = 6
"""RabbitMQ counts every 5 s: a message that just came looks unhandled, a consumer absent."""


def check_broker(installation: Installation) -> Finding:
    broker = broker_of(installation)
    version = broker.version()
    if (version_in(version) or OLDEST) < OLDEST:
        return bad(f"RabbitMQ {version} is older than 3.10", "install a newer rabbitmq-server")
    return nodes_finding(broker.nodes(), version)


def nodes_finding(nodes: Iterable[Mapping[str, Any]], version: str) -> Finding:
    """Say whether a node blocks publishers, or is near its limit of disk space."""
    section = Section.RABBITMQ_BLOCKS_PUBLISHERS
    for node in nodes:
        free, limit = node["disk_free"], node["disk_free_limit"]
        disk = f"{free // MEGABYTE:,} MB of disk, its limit is {limit // MEGABYTE:,} MB"
        if node["disk_free_alarm"]:
            return bad(f"RabbitMQ accepts no messages: {disk}", "free disk space (df -h)", section)
        if node["mem_alarm"]:
            used = f"{node['mem_used'] // MEGABYTE:,} MB of memory"
            return bad(f"RabbitMQ accepts no messages: {used}", "shorten long queues", section)
        if free < DISK_FACTOR * limit:
            return warn(f"RabbitMQ has {disk}", "free disk space (df -h)", section)
    return ok(f"RabbitMQ {version}, no alarm")


def check_consumers(installation: Installation) -> Finding:
    broker, consumed = broker_of(installation), consumed_queues()
    return settled(
        lambda: consumers_finding(broker.queues(), consumed, _disabled(installation)),
    )


def _disabled(installation: Installation) -> frozenset[str]:
    """Return the queues with a disabled mapping; none if LocalStack does not say."""
    with suppress(CannotCheckError):
        found = mappings_of(installation)
        return frozenset(name for name, each in found.items() if each["State"] != ENABLED)
    return frozenset()


def settled(look: Callable[[], Finding]) -> Finding:
    """Look again if something seems wrong, because RabbitMQ's numbers are up to 5 s old."""
    found = look()
    if found.level == Level.OK:
        return found
    time.sleep(LOOK_AGAIN_SECONDS)
    return look()


def consumers_finding(
    queues: Mapping[str, Queue],
    consumed: Mapping[str, str],
    disabled: Collection[str] = (),
) -> Finding:
    """Say which queues no function consumes now, although template.yaml says so."""
    alone = [name for name in consumed if name in queues and not queues[name].consumers]
    if not alone:
        return ok(f"{len(consumed)} queues are consumed")
    told = f"no consumer: {listed(f'{name} ({queues[name].messages} messages)' for name in alone)}"
    off = [name for name in alone if name in disabled]
    if off == alone:
        mapping = "its mapping is disabled" if len(off) == 1 else "their mappings are disabled"
        return bad(f"{told}; {mapping}", "see mappings", Section.QUEUE_HAS_NO_CONSUMER)
    do = f"{MAKE_CONSUME}; {listed(off)}: see mappings" if off else MAKE_CONSUME
    return bad(told, do, Section.BRIDGE_IS_NOT_CONSUMING)


def check_queues(installation: Installation) -> Finding:
    broker, consumed = broker_of(installation), consumed_queues()
    port = installation.stack.ports.bridge
    return settled(lambda: backlog_finding(broker.queues(), consumed, call_seconds(port)))


def backlog_finding(
    queues: Mapping[str, Queue], consumed: Mapping[str, str], calls: Mapping[str, float]
) -> Finding:
    """Say which queues are long, or are handled slowly, by the seconds of a call for each."""
    own = [queues[name] for name in consumed if name in queues and name != FAILED]
    slow_calls = [each for each in own if each.messages and calls.get(each.name, 0) >= SLOW_CALL]
    if slow_calls:
        look = f"see functions; then {_look_at(slow_calls, consumed)}"
        return bad(_slow_calls_told(slow_calls, calls), look, Section.CONSUMER_IS_SLOW)
    if long := [each for each in own if each.messages > LONG]:
        return bad(_told(long), _look_at(long, consumed), Section.QUEUE_IS_LONG)
    slow = [each for each in own if each.messages and _seconds_left(each) > SLOW_SECONDS]
    if slow:
        section = Section.QUEUE_IS_LONG if slow[0].handled_per_second else Section.QUEUE_IS_STALLED
        return warn(_told(slow), _look_at(slow, consumed), section)
    return ok(f"{sum(each.messages for each in own)} messages wait in {len(own)} queues")


def call_seconds(bridge_port: int) -> dict[str, float]:
    """Return for each queue how long a call of its function takes; nothing without the bridge."""
    with suppress(httpx.HTTPError, ValueError):
        url = f"http://{LOOPBACK}:{bridge_port}/health"
        told = ask(url, timeout=BRIDGE_SECONDS).json()
        return {each["queue"]: _longest(each) for each in told["mappings"]}
    return {}


def _longest(mapping: Mapping[str, Any]) -> float:
    """Return the seconds of the running call, or of the last one if it took longer."""
    return max(mapping["running_seconds"] or 0.0, mapping["last_seconds"] or 0.0)


def _slow_calls_told(queues: Iterable[Queue], calls: Mapping[str, float]) -> str:
    return listed(
        f"{each.name}: a call takes {calls[each.name]:.0f} s, "
        f"{each.unacknowledged:,} messages are being handled"
        for each in queues
    )


def _seconds_left(queue: Queue) -> float:
    if not queue.handled_per_second:
        return float("inf")
    return queue.messages / queue.handled_per_second


def _told(queues: Iterable[Queue]) -> str:
    return listed(
        f"{each.name}: {each.messages:,} messages, {each.handled_per_second:.1f} a second"
        for each in queues
    )


def _look_at(queues: Collection[Queue], consumed: Mapping[str, str]) -> str:
    slowest = max(queues, key=_seconds_left)
    return f"make logs FN={consumed[slowest.name]} MINUTES=10"


def check_retries(installation: Installation) -> Finding:
    """Say how many messages wait for another attempt: a consumer fails, and tries again."""
    queues = broker_of(installation).queues()
    waiting = {name: each.messages for name, each in queues.items() if name.startswith(RETRY)}
    count = sum(waiting.values())
    if count:
        places = listed(f"{number} in {name}" for name, number in waiting.items() if number)
        look = 'make logs GREP="retry scheduled" MINUTES=30'
        return warn(f"{count} messages failed and wait for another attempt: {places}", look,
                    Section.MESSAGES_FAILED)  # fmt: skip
    return ok("no message waits for another attempt")


def check_unreadable(installation: Installation) -> Finding:
    count = broker_of(installation).queues().get(UNREADABLE, Queue(UNREADABLE)).messages
    if count:
        page = "docs/operations.md#messages-that-no-function-can-receive"
        return warn(f"{count} messages in {UNREADABLE}, which no function can receive", page)
    return ok(f"{UNREADABLE} is empty")
