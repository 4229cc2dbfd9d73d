"""Findings about what the services told: nodes, queues, clocks, keys, the deployment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidings_local.launcher.deploying.archives import Archive
from tidings_local.launcher.deploying.deployed_code import Code
from tidings_local.launcher.operating.doctor import deployment, keys, queues, services, template
from tidings_local.launcher.operating.doctor.broker import Queue
from tidings_local.launcher.operating.doctor.clocks import clocks_finding, difference
from tidings_local.launcher.operating.doctor.finding import CannotCheckError, Level, Section
from tidings_local.launcher.operating.doctor.queues import (
    backlog_finding,
    consumers_finding,
    nodes_finding,
)
from tidings_local.launcher.running.signing_keys import make_signing_keys, public_keys
from tidings_local.launcher.running.status import HANGS, Line
from tidings_local.topology import load

NOW = datetime.now(UTC)
CALM: dict[str, Any] = {
    "disk_free": 10_000_000_000,
    "disk_free_limit": 200_000_000,
    "disk_free_alarm": False,
    "mem_alarm": False,
    "mem_used": 1_000_000,
}


@pytest.mark.parametrize(
    ("node", "level", "text"),
    [
        ({}, Level.OK, "no alarm"),
        ({"disk_free": 300_000_000}, Level.WARN, "300 MB of disk, its limit is 200 MB"),
        ({"disk_free": 100_000_000, "disk_free_alarm": True}, Level.BAD, "accepts no messages"),
        ({"mem_alarm": True}, Level.BAD, "1 MB of memory"),
    ],
)
def test_broker_without_disk_or_memory_is_found(
    node: dict[str, Any], level: Level, text: str
) -> None:
    found = nodes_finding([CALM, CALM | node], "3.10.8")
    assert found.level == level
    assert text in found.found


CONSUMED = {"orders": "orders", "email.queue": "deliver-email", "failed-messages": "store-failed"}


def test_queue_without_consumer_is_named_with_its_messages() -> None:
    told = {name: Queue(name, consumers=1) for name in CONSUMED}
    assert consumers_finding(told, CONSUMED).level == Level.OK
    told["orders"] = Queue("orders", messages=7)
    found = consumers_finding(told, CONSUMED)
    assert (found.level, found.found) == (Level.BAD, "no consumer: orders (7 messages)")
    assert found.section == Section.BRIDGE_IS_NOT_CONSUMING


def test_disabled_mapping_is_the_reason_for_a_queue_without_consumer() -> None:
    told = {name: Queue(name, consumers=1) for name in CONSUMED} | {
        "orders": Queue("orders", {}, 406)
    }
    found = consumers_finding(told, CONSUMED, {"orders"})
    assert found.found == "no consumer: orders (406 messages); its mapping is disabled"
    assert (found.do, found.section) == ("see mappings", Section.QUEUE_HAS_NO_CONSUMER)
    told["email.queue"] = Queue("email.queue")
    both = consumers_finding(told, CONSUMED, {"orders"})
    assert both.do.startswith("make up; ")
    assert both.do.endswith("; orders: see mappings")


@pytest.mark.parametrize(
    ("queue", "level", "section"),
    [
        (Queue("email.queue", messages=100, handled_per_second=50), Level.OK, None),
        (
            Queue("email.queue", messages=100, handled_per_second=1),
            Level.WARN,
            Section.QUEUE_IS_LONG,
        ),
        (Queue("email.queue", messages=1), Level.WARN, Section.QUEUE_IS_STALLED),
        (
            Queue("email.queue", messages=10_001, handled_per_second=5000),
            Level.BAD,
            Section.QUEUE_IS_LONG,
        ),
        (Queue("failed-messages", messages=5), Level.OK, None),
    ],
)
def test_slow_consumer_is_named(queue: Queue, level: Level, section: str) -> None:
    found = backlog_finding(
        {"orders": Queue("orders"), queue.name: queue}, CONSUMED, {"orders": 60}
    )
    assert (found.level, found.section) == (level, section)
    if level != Level.OK:
        assert "email.queue" in found.found
        assert "FN=deliver-email" in found.do


@pytest.mark.parametrize(("seconds", "level"), [(9.9, Level.OK), (25.1, Level.BAD)])
def test_slow_call_is_named_although_its_queue_is_short(seconds: float, level: Level) -> None:
    queue = Queue("email.queue", {}, 30, 1, 5.0, unacknowledged=30)
    found = backlog_finding({queue.name: queue}, CONSUMED, {queue.name: seconds})
    assert found.level == level
    if level == Level.BAD:
        assert found.found == "email.queue: a call takes 25 s, 30 messages are being handled"
        assert found.do == "see functions; then make logs FN=deliver-email MINUTES=10"
        assert found.section == Section.CONSUMER_IS_SLOW


def test_bridge_that_is_away_names_no_slow_call() -> None:
    assert queues.call_seconds(1) == {}


# -------------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0.0, Level.OK), (2.9, Level.OK), (4.0, Level.WARN), (-4.0, Level.WARN), (61.0, Level.BAD)],
)
def test_clocks_that_differ_are_found(seconds: float, level: Level) -> None:
    assert clocks_finding({"MongoDB": 0.0, "Redis": seconds}).level == level


def test_clock_of_a_service_that_is_away_is_left_out() -> None:
    def away() -> datetime:
        raise CannotCheckError("it is away")

    assert difference(away) is None
    assert clocks_finding({}).level == Level.SKIPPED


def test_difference_is_that_of_the_clocks() -> None:
    assert difference(lambda: datetime.now(UTC)) == 0
    ahead = difference(lambda: datetime.now(UTC) + timedelta(minutes=5))
    behind = difference(lambda: datetime.now(UTC) - timedelta(minutes=5))
    assert ahead is not None
    assert behind is not None
    assert ahead == pytest.approx(300, abs=5)
    assert behind == pytest.approx(-300, abs=5)


# ---------------------------------------------------------------------- keys


def signing(age: timedelta) -> dict[str, Any]:
    return make_signing_keys(NOW - age)


@pytest.mark.parametrize(("days", "level"), [(0, Level.OK), (89, Level.OK), (91, Level.WARN)])
def test_old_signing_key_is_found(days: int, level: Level) -> None:
    made = signing(timedelta(days=days))
    found = keys.signing_keys_finding(made, public_keys(made), NOW)
    assert (found.level, str(days) in found.found) == (level, True)


def test_signing_key_without_a_time_is_reported() -> None:
    made = signing(timedelta())
    del made["keys"][0]["created_at"]
    found = keys.signing_keys_finding(made, public_keys(made), NOW)
    assert (found.level, found.do) == (Level.WARN, "make rotate-keys")


def test_signing_key_that_is_not_published_is_found() -> None:
    made, other = signing(timedelta()), signing(timedelta())
    found = keys.signing_keys_finding(made, public_keys(other), NOW)
    assert found.level == Level.BAD
    assert "each token is refused" in found.found
    renamed = public_keys(other)
    renamed["keys"][0]["kid"] = made["current"]
    assert keys.signing_keys_finding(made, renamed, NOW).level == Level.BAD


@pytest.mark.parametrize("change", [{"retired_at": NOW.isoformat()}, {"kid": "another"}])
def test_retired_or_missing_signing_key_is_found(change: dict[str, str]) -> None:
    made = signing(timedelta())
    made["keys"][0] |= change
    assert keys.signing_keys_finding(made, public_keys(made), NOW).level == Level.BAD


def test_missing_keys_are_found() -> None:
    assert keys.signing_keys_finding(None, None, NOW).level == Level.BAD


def test_secrets_of_another_stack_are_found() -> None:
    wanted = {"mongodb": {"url": "mongodb://here"}, "signing-keys": {"current": "a"}}
    assert keys.secrets_finding(wanted | {"signing-keys": {"current": "b"}}, wanted).level == "ok"
    other = keys.secrets_finding(wanted | {"mongodb": {"url": "mongodb://there"}}, wanted)
    assert (other.level, "mongodb" in other.found) == (Level.BAD, True)
    assert "there" not in other.found
    missing = keys.secrets_finding({"signing-keys": {}}, wanted)
    assert (missing.level, missing.found) == (Level.BAD, "missing: mongodb")


# ---------------------------------------------------------------- deployment

WANTED = {"localstack": "1", "stack_status": "CREATE_COMPLETE", "sources": "a", "topology": "t"}


@pytest.mark.parametrize(
    ("before", "level", "do"),
    [
        (WANTED, Level.OK, ""),
        ({}, Level.BAD, "make up"),
        (WANTED | {"localstack": "0"}, Level.BAD, "make up"),
        (WANTED | {"stack_status": "UPDATE_COMPLETE"}, Level.BAD, "make up"),
        (WANTED | {"sources": "b"}, Level.WARN, "make deploy"),
        (WANTED | {"sources": "b", "topology": "u"}, Level.WARN, "make deploy"),
    ],
)
def test_changes_since_the_deployment_are_found(
    before: dict[str, str], level: Level, do: str
) -> None:
    found = deployment.deployment_finding(before, WANTED)
    assert (found.level, found.do) == (level, do)
    assert "code" not in deployment.deployment_finding(WANTED, WANTED).found


def test_functions_with_other_code_are_found() -> None:
    deployed = Code({"tidings-orders": Archive(b"one"), "tidings-sms": Archive(b"two")}, {})
    running = [
        {"FunctionName": name, "CodeSha256": archive.sha256}
        for name, archive in deployed.functions.items()
    ]
    assert deployment.functions_finding(running, deployed).level == Level.OK
    missing = deployment.functions_finding(running[:1], deployed)
    assert (missing.level, missing.found) == (Level.BAD, "missing functions: sms")
    running[0]["CodeSha256"] = Archive(b"three").sha256
    other = deployment.functions_finding(running, deployed)
    assert other.found == "other code than deployed: orders"
    assert other.do == "make deploy (then look who changed it)"
    broken = [running[1] | {"State": "Failed"}]
    own = Code({"tidings-sms": deployed.functions["tidings-sms"]}, {})
    assert "cannot start" in deployment.functions_finding(broken, own).found


def test_rules_that_do_not_run_are_found() -> None:
    wanted = template.rules()
    assert wanted["tidings-outbox-relay"] is True
    running = dict.fromkeys(wanted, "ENABLED")
    assert deployment.rules_finding(running, wanted).level == Level.OK
    off = deployment.rules_finding(running | {"tidings-backlogs": "DISABLED"}, wanted)
    assert (off.level, off.found) == (Level.BAD, "disabled rules: backlogs")
    assert off.section == Section.RULE_IS_LATE
    both = {"tidings-backlogs": "DISABLED", "tidings-outbox-relay": "DISABLED"}
    relay = deployment.rules_finding(running | both, wanted, (), " --endpoint-url http://here")
    assert relay.found == "disabled rules: outbox-relay, backlogs"
    assert relay.section == Section.OUTBOX_IS_LATE
    enable = "aws events enable-rule --name tidings-outbox-relay --endpoint-url http://here"
    assert relay.do == enable
    del running["tidings-outbox-relay"]
    assert deployment.rules_finding(running, wanted).found == "missing rules: outbox-relay"
    aimless = deployment.rules_finding(dict.fromkeys(wanted, "ENABLED"), wanted, ["tidings-a"])
    assert aimless.found == "rules without a target: a"


def test_mappings_that_do_not_run_are_found() -> None:
    consumed = template.consumed_queues()
    assert consumed["inventory"] == "inventory"
    found = {queue: {"UUID": f"of-{queue}", "State": "Enabled"} for queue in consumed}
    assert deployment.mappings_finding(found, consumed).level == Level.OK
    found["inventory"]["State"] = "Disabled"
    off = deployment.mappings_finding(found, consumed, " --endpoint-url http://here")
    assert off.found == "mappings that do not run: inventory (Disabled)"
    assert off.do == (
        "aws lambda update-event-source-mapping --uuid of-inventory --enabled "
        "--endpoint-url http://here"
    )
    del found["inventory"]
    without = deployment.mappings_finding(found, consumed)
    assert without.found == "queues without a mapping: inventory"


def test_every_queue_but_the_last_is_consumed() -> None:
    assert set(template.consumed_queues()) == set(load().queues) - {"unreadable-messages"}


def a_line(state: str, name: str = "redis") -> Line:
    return Line(name, state, "", "8703", "", f"{name}.log")


@pytest.mark.parametrize(
    ("states", "command"),
    [
        (["died"], "make up"),
        (["stopped", "died"], "make up"),
        ([HANGS], "make down, then make up"),
        (["died", HANGS], "make down, then make up"),
    ],
)
def test_service_that_hangs_needs_a_restart(states: list[str], command: str) -> None:
    told = services.remedy([a_line(each) for each in states])
    assert told.partition(", which")[0] == command


def test_bridge_that_waits_for_a_dead_localstack_does_not_hang() -> None:
    waits = a_line(HANGS, "bridge")
    assert services.remedy([a_line("died", "localstack"), waits]) == "make up"
    assert services.remedy([a_line("died"), waits]).startswith("make down")


def test_consumers_are_counted_again_before_they_are_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stack that just started has consumers that RabbitMQ does not tell yet."""

    class Broker:
        told = iter([0, 1, 0, 0])

        def queues(self) -> dict[str, Queue]:
            consumers = next(self.told)
            return {name: Queue(name, consumers=consumers) for name in CONSUMED}

    broker = Broker()
    monkeypatch.setattr(queues, "LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(queues, "broker_of", lambda _installation: broker)
    monkeypatch.setattr(queues, "consumed_queues", lambda: CONSUMED)
    monkeypatch.setattr(queues, "mappings_of", lambda _installation: {})
    installation: Any = None
    assert queues.check_consumers(installation).level == Level.OK
    assert queues.check_consumers(installation).level == Level.BAD
