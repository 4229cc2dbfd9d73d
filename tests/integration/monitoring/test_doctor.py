"""The doctor finds what is wrong in real services: RabbitMQ, MongoDB, both kinds of Redis."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pymongo
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from tests.integration.builders import Queues
from tests.integration.conftest import OwnRabbit
from tests.integration.monitoring.builders import a_dead_letter
from tests.integration.redis_server import Server
from tests.settings import stack_under_test
from tests.waiting import eventually
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.models import FailedMessage
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.settings import settings
from tidings.platform.storage.job_runs import JobRun
from tidings.platform.timing.clock import now
from tidings.tasks.models import Task
from tidings_local.launcher.operating.doctor import broker, clocks, redis_stores, stored
from tidings_local.launcher.operating.doctor.finding import (
    CannotCheckError,
    Finding,
    Level,
    Section,
)
from tidings_local.launcher.operating.doctor.queues import consumers_finding
from tidings_local.launcher.operating.doctor.topology_drift import topology_finding
from tidings_local.topology import load, queue_arguments

BINDING = {"queue": "orders", "exchange": "user-events", "routing_key": "inventory.reserved"}


# ------------------------------------------------------------------ RabbitMQ


@pytest.fixture
def management(rabbit: OwnRabbit) -> broker.Broker:
    """Return the doctor's client for this session's virtual host."""
    admin = urlsplit(stack_under_test().rabbitmq_api_url)
    address = urlunsplit(admin._replace(netloc=f"{admin.hostname}:{admin.port}"))
    login = f"{admin.username}:{admin.password}@{admin.hostname}"
    return broker.Broker(address, f"amqp://{login}/{quote(rabbit.name, safe='')}")


@pytest.fixture
def broken(channel: BlockingChannel) -> Iterator[BlockingChannel]:
    """Return a channel of a test that changes the topology, which is repaired at the end."""
    yield channel
    queue = load().queues["sms.queue"]
    channel.queue_delete("sms.queue")
    channel.queue_declare("sms.queue", durable=True, arguments=queue_arguments(queue))
    channel.queue_bind("sms.queue", "notifications.direct", "sms")
    channel.queue_bind(**BINDING)
    channel.queue_unbind("sms.queue", "user-events", "order.placed")


def test_declared_topology_is_fine(management: broker.Broker) -> None:
    found = topology_finding(management, load())
    assert found.level == Level.OK, found


def test_deleted_queue_is_found(management: broker.Broker, broken: BlockingChannel) -> None:
    broken.queue_delete("sms.queue")
    found = topology_finding(management, load())
    assert (found.level, found.do) == (Level.BAD, "make declare-topology")
    assert "the queue sms.queue" in found.found


def test_missing_binding_is_found(management: broker.Broker, broken: BlockingChannel) -> None:
    broken.queue_unbind(**BINDING)
    found = topology_finding(management, load())
    assert found.level == Level.BAD
    assert "the binding of orders to user-events for inventory.reserved" in found.found


def test_foreign_binding_is_found(management: broker.Broker, broken: BlockingChannel) -> None:
    broken.queue_bind("sms.queue", "user-events", "order.placed")
    found = topology_finding(management, load())
    assert found.level == Level.WARN
    assert "sms.queue to user-events for order.placed" in found.found


def test_queue_with_other_arguments_is_found(
    management: broker.Broker, broken: BlockingChannel
) -> None:
    broken.queue_delete("sms.queue")
    broken.queue_declare("sms.queue", durable=True, arguments={"x-queue-type": "quorum"})
    broken.queue_bind("sms.queue", "notifications.direct", "sms")
    found = topology_finding(management, load())
    assert found.level == Level.BAD
    assert "sms.queue has x-dead-letter-exchange not set" in found.found
    assert "when it is empty" in found.do


def test_queue_is_alone_until_it_is_consumed(
    management: broker.Broker, channel: BlockingChannel, queues: Queues
) -> None:
    consumed = {"sms.queue": "deliver-sms"}
    channel.basic_publish("notifications.direct", "sms", b"{}")
    eventually(lambda: management.queues()["sms.queue"].messages == 1)
    found = consumers_finding(management.queues(), consumed)
    assert (found.level, found.found) == (Level.BAD, "no consumer: sms.queue (1 messages)")
    channel.basic_consume("sms.queue", lambda *_: None)
    eventually(lambda: consumers_finding(management.queues(), consumed).level == Level.OK)


def test_broker_tells_version_time_and_nodes(management: broker.Broker) -> None:
    assert management.version()[0].isdigit()
    assert abs(management.clock() - datetime.now(UTC)) < timedelta(seconds=30)
    assert not any(node["mem_alarm"] for node in management.nodes())


def test_wrong_login_is_a_reason(management: broker.Broker) -> None:
    admin = urlsplit(stack_under_test().rabbitmq_api_url)
    stranger = broker.Broker(f"http://{admin.hostname}:{admin.port}", "amqp://a:b@there/x")
    with pytest.raises(CannotCheckError, match="management API does not answer"):
        stranger.queues()


# ------------------------------------------------------------------- MongoDB


@pytest.fixture
def documents() -> Iterator[stored.Documents]:
    uri = stack_under_test().mongodb_uri
    with pymongo.MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        yield client


def outboxes(documents: stored.Documents) -> Finding:
    return stored.outbox_finding(documents, now(), f"{settings().database_prefix}_")


def a_task_with_an_event(age: timedelta) -> None:
    entry = OutboxEntry(event_id="e", type="task.created", time=now() - age, body="{}")
    Task._get_collection().insert_one({"_id": "task", "outbox": [entry.to_mongo()]})


@pytest.mark.parametrize(
    ("age", "level"),
    [
        (timedelta(seconds=30), Level.OK),
        (timedelta(seconds=150), Level.WARN),
        (timedelta(seconds=400), Level.BAD),
    ],
)
def test_event_that_is_not_published_is_found(
    age: timedelta, level: Level, documents: stored.Documents
) -> None:
    Task.ensure_indexes()
    assert outboxes(documents).found == "no event waits"
    a_task_with_an_event(age)
    found = outboxes(documents)
    assert found.level == level
    if level != Level.OK:
        assert "events wait in tasks.tasks" in found.found
        assert (found.do, found.section) == (
            "make run-rule RULE=outbox-relay",
            Section.OUTBOX_IS_LATE,
        )


def test_failed_messages_are_counted_by_their_cause() -> None:
    collection = FailedMessage._get_collection()
    assert stored.failed_messages_finding(collection).level == Level.OK
    store_failed_messages([a_dead_letter(), a_dead_letter(message_id="another")])
    found = stored.failed_messages_finding(collection)
    assert (found.level, found.section) == (Level.WARN, Section.MESSAGES_FAILED)
    (message, _) = FailedMessage.objects
    assert found.found.startswith("2 failed messages wait for an operator (")
    assert message.queue in found.found
    FailedMessage.objects.update(set__state="discarded")
    assert stored.failed_messages_finding(collection).level == Level.OK


@pytest.mark.parametrize(
    ("version", "do"),
    [
        (12, "restore version 11 in the console, then redrive"),
        (1, "correct the cause, then redrive them (docs/operations.md#failed-messages)"),
    ],
)
def test_template_that_broke_is_named_with_the_version_to_restore(version: int, do: str) -> None:
    collection = FailedMessage._get_collection()
    store_failed_messages([a_dead_letter()])
    told = f"BrokenTemplate: order_confirmed v{version}, email.text, line 8: 'a' is undefined."
    FailedMessage.objects.update(set__error=told, set__queue="notifications")
    found = stored.failed_messages_finding(collection)
    assert f"(notifications: BrokenTemplate of order_confirmed v{version})" in found.found
    assert found.do == do


def test_version_to_restore_is_named_beside_more_frequent_errors() -> None:
    store_failed_messages([a_dead_letter() for _ in range(3)])
    broken = a_dead_letter()
    store_failed_messages([broken])
    told = "BrokenTemplate: order_confirmed v2, email.text, line 8: 'a' is undefined."
    FailedMessage.objects(pk=broken.key).update(set__error=told)
    found = stored.failed_messages_finding(FailedMessage._get_collection())
    assert found.do == "restore version 1 in the console, then redrive"


def test_failed_jobs_are_named_with_their_times() -> None:
    collection = JobRun._get_collection()
    run = JobRun(
        id="settle_orders@2026-11-30T09:00:00+00:00", holder="a", attempts=3, repeated_at=now(),
        leased_until=now(), started_at=now(), expires_at=now() + timedelta(days=1),
    ).save()  # fmt: skip
    found = stored.failed_jobs_finding(collection, now())
    assert (found.level, found.section) == (Level.WARN, Section.JOBS_FAILED)
    assert run.id in found.found
    assert stored.failed_jobs_finding(collection, now() - timedelta(hours=1)).level == Level.OK


def test_mongodb_that_does_not_answer_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "ANSWER_MS", 50)
    away: Any = SimpleNamespace(
        settings=SimpleNamespace(mongodb_uri="mongodb://127.0.0.1:1"),
        connections=SimpleNamespace(mongodb_uri="mongodb://127.0.0.1:1"),
    )
    for check in (stored.check_mongodb, stored.check_outboxes, stored.check_failed_messages):
        with pytest.raises(CannotCheckError, match="MongoDB does not answer"):
            check(away)


# --------------------------------------------------------------------- Redis


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "redis", "redis.conf")
    yield server
    server.stop()


def of_redis(server: Server) -> Any:
    url = f"redis://127.0.0.1:{server.port}/0"
    connections = SimpleNamespace(redis_url=url, cache_redis_url=url)
    return SimpleNamespace(connections=connections, settings=SimpleNamespace(redis_url=url))


def test_store_that_may_evict_or_is_full_is_found(small: Server) -> None:
    installation = of_redis(small)
    assert redis_stores.check_security_store(installation).level == Level.OK
    assert redis_stores.check_cache(installation).level == Level.WARN
    small.fill()
    full = redis_stores.check_security_store(installation)
    assert (full.level, full.section) == (Level.WARN, Section.REDIS_IS_ALMOST_FULL)
    small.client.config_set("maxmemory-policy", "allkeys-lru")
    evicts = redis_stores.check_security_store(installation)
    assert (evicts.level, "allkeys-lru" in evicts.found) == (Level.BAD, True)
    assert redis_stores.check_cache(installation).level == Level.OK


def test_redis_tells_its_time(small: Server) -> None:
    assert clocks.difference(lambda: clocks._redis(of_redis(small))) == pytest.approx(0, abs=5)


def test_redis_that_is_away_is_a_reason(small: Server) -> None:
    installation = of_redis(small)
    small.stop()
    with pytest.raises(CannotCheckError, match="Redis does not answer"):
        redis_stores.check_cache(installation)
