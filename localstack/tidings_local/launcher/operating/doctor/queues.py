"""Checks of RabbitMQ and of what waits in its queues."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from .broker import Queue, broker_of
from .finding import Finding, Level, Section, bad, listed, ok, warn
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
    return settled(lambda: consumers_finding(broker.queues(), consumed))


def settled(look: Callable[[], Finding]) -> Finding:
    """Look again if something seems wrong, because RabbitMQ's numbers are up to 5 s old."""
    found = look()
    if found.level == Level.OK:
        return found
    time.sleep(LOOK_AGAIN_SECONDS)
    return look()


def consumers_finding(queues: Mapping[str, Queue], consumed: Mapping[str, str]) -> Finding:
    """Say which queues no function consumes now, although template.yaml says so."""
    alone = [
        f"{name} ({queues[name].messages} messages)"
        for name in consumed
        if name in queues and not queues[name].consumers
    ]
    if alone:
        return bad(
            f"no consumer: {listed(alone)}",
            "make up; the bridge says why: make logs SERVICE=bridge LEVEL=WARNING",
            Section.BRIDGE_IS_NOT_CONSUMING,
        )
    return ok(f"{len(consumed)} queues are consumed")


def check_queues(installation: Installation) -> Finding:
    broker, consumed = broker_of(installation), consumed_queues()
    return settled(lambda: backlog_finding(broker.queues(), consumed))


def backlog_finding(queues: Mapping[str, Queue], consumed: Mapping[str, str]) -> Finding:
    """Say which queues are long, or are handled slowly."""
    own = [queues[name] for name in consumed if name in queues and name != FAILED]
    if long := [each for each in own if each.messages > LONG]:
        return bad(_told(long), _look_at(long, consumed), Section.QUEUE_IS_LONG)
    slow = [each for each in own if each.messages and _seconds_left(each) > SLOW_SECONDS]
    if slow:
        section = Section.QUEUE_IS_LONG if slow[0].handled_per_second else Section.QUEUE_IS_STALLED
        return warn(_told(slow), _look_at(slow, consumed), section)
    return ok(f"{sum(each.messages for each in own)} messages wait in {len(own)} queues")


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
