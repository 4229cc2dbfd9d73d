"""Faults of a running stack, and the checks of `make doctor` that name each of them."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pika
import pymongo
import pytest

from bootstrap import ROOT
from tests.e2e.aws import client, log_lines
from tests.e2e.shop import Shop
from tests.faults import stack
from tests.faults.doctor import check
from tests.settings import stack_under_test
from tests.waiting import eventually
from tidings_local.launcher.deploying.deployed import load_deployed
from tidings_local.launcher.operating.doctor.examination import CHECKS
from tidings_local.launcher.operating.doctor.finding import Finding, Level, Section
from tidings_local.launcher.running.stack import find_stack
from tidings_local.launcher.settings import environment_of_launcher, load_settings

SLOW_FUNCTION: Final = "tidings-refresh-recommendations"
SLOW_QUEUE: Final = "recommendations.refresh"
SLOWLY: Final = """
import time
_quickly = handler
def handler(event, context):
    time.sleep(15)
    return _quickly(event, context)
"""
WAITING: Final = 40
MAIL: Final = "order_confirmed"


pytestmark = pytest.mark.usefixtures("own_services")


def becomes(name: str, level: Level, naming: str = "") -> Finding:
    """Wait until a check has this level and names this, and return what it found.

    Other tests may have left other things behind that it names, too.
    """
    found: list[Finding] = []

    def reached() -> bool:
        found[:] = [check(name)]
        return found[0].level == level and naming in found[0].found

    try:
        eventually(reached, what=f"{name}: {level}")
    except AssertionError:
        raise AssertionError(f"{name} is not {level} with {naming!r}: {found}") from None
    return found[0]


def examined() -> list[dict[str, str]] | None:
    """Run `make doctor`; return its lines, or None if something is bad."""
    done = subprocess.run(
        ["make", "doctor"],
        cwd=ROOT,
        env=environment_of_launcher(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    sys.stdout.write(done.stdout + done.stderr)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    has_bad = any(each["level"] == Level.BAD for each in found)
    assert bool(done.returncode) == has_bad, done.stderr
    return None if has_bad else found


def test_healthy_stack_has_nothing_bad() -> None:
    stack.repair()
    found = eventually(examined, what="nothing is bad") or []
    assert [each["check"] for each in found] == list(CHECKS)


@pytest.fixture
def broken_template(admin: Shop) -> Iterator[None]:
    """Store a template that works for its sample values, and for no other person."""
    path = f"/templates/{MAIL}"
    before = admin.rest("GET", path).json()["data"]
    content = {
        key: before[key]
        for key in (
            "version", "description", "category", "default_language", "required_variables",
            "optional_variables", "sample_variables", "variants",
        )
    }  # fmt: skip
    sample = before["sample_variables"]["order_id"]
    for variant in content["variants"]:
        variant["email"]["text"] += "{% if order_id != '" + sample + "' %}{{ a.b.c }}{% endif %}"
    content["optional_variables"] = [*before["optional_variables"], "a"]
    stored = admin.rest("PUT", path, content)
    assert stored.status_code == 200, stored.text
    yield
    version = admin.rest("GET", path).json()["data"]["version"]
    back = {"version": version, "to_version": before["version"]}
    assert admin.rest("POST", f"{path}/rollback", back).status_code == 200


@pytest.mark.usefixtures("broken_template")
def test_template_that_breaks_is_named_by_failed_messages(shop: Shop, admin: Shop) -> None:
    began = datetime.now(UTC)
    order = shop.register().place_order(admin.create_product(stock=3))
    found = becomes("failed messages", Level.WARN, f"notifications: BrokenTemplate of {MAIL} v")
    assert found.do.startswith("restore version ")
    assert found.section == Section.MESSAGES_FAILED
    told = admin.rest("GET", "/monitoring/failed-messages?error=BrokenTemplate").json()["data"]
    assert told
    wanted = {"message": "message not rendered", "template_code": MAIL}
    lines = eventually(lambda: log_lines("tidings-notifications", began, **wanted))
    (line,) = lines or []
    assert (line["reason"], line["part"]) == ("BrokenTemplate", "email.text")
    assert line["line"] > 1
    explained = admin.rest("GET", f"/orders/{order}/explanation").json()["data"]
    assert any(step["code"] == "message.failed" for step in explained["steps"])
    for message in told:
        admin.rest("DELETE", f"/monitoring/failed-messages/{message['id']}?reason=tested")


@pytest.fixture
def slow_consumer() -> Iterator[None]:
    deployed = load_deployed(find_stack(load_settings()))
    assert deployed is not None
    code = _with(deployed.code.functions[SLOW_FUNCTION].content, "refresh_recommendations.py")
    client("lambda").update_function_code(FunctionName=SLOW_FUNCTION, ZipFile=code)
    client("lambda").get_waiter("function_updated_v2").wait(FunctionName=SLOW_FUNCTION)
    yield
    stack.make("deploy")


def _with(package: bytes, file: str) -> bytes:
    """Return a package in which a file's handler is slow."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as read, zipfile.ZipFile(written, "w") as out:
        for each in read.infolist():
            more = SLOWLY.encode() if each.filename == file else b""
            out.writestr(each, read.read(each) + more)
    return written.getvalue()


@pytest.mark.usefixtures("slow_consumer")
def test_consumer_that_became_slow_is_named_by_its_queue() -> None:
    _send_refreshes()
    found = becomes("queues", Level.BAD, f"{SLOW_QUEUE}: a call takes 1")
    assert found.do == "see functions; then make logs FN=refresh-recommendations MINUTES=10"
    changed = check("functions")
    assert (changed.level, changed.do) == (Level.BAD, "make deploy (then look who changed it)")
    assert "refresh-recommendations" in changed.found
    assert "code" not in check("deployment").found
    stack.make("deploy")
    becomes("functions", Level.OK)
    becomes("queues", Level.OK)


def _send_refreshes() -> None:
    """Send commands that have no effect: they name no existing person."""
    sample = json.loads((ROOT / "events/samples/recommendations.refresh.json").read_text())
    parameters = pika.URLParameters(stack_under_test().amqp_url)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        for _ in range(WAITING):
            command = sample | {"id": str(uuid4())}
            properties = pika.BasicProperties(
                content_type="application/cloudevents+json", message_id=command["id"]
            )
            channel.basic_publish(
                "notifications.direct", SLOW_QUEUE, json.dumps(command).encode(), properties
            )


@pytest.fixture
def no_mapping() -> Iterator[str]:
    """Disable the mapping of a queue."""
    lambdas, queue = client("lambda"), "sms.queue"
    (mapping,) = [
        each
        for each in lambdas.list_event_source_mappings()["EventSourceMappings"]
        if each.get("Queues") == [queue]
    ]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield queue
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    becomes("mappings", Level.OK)
    becomes("consumers", Level.OK)


def test_queue_without_consumer_is_named_and_enabled_as_told(no_mapping: str) -> None:
    found = becomes("consumers", Level.BAD, no_mapping)
    assert found.found.endswith("; its mapping is disabled")
    assert (found.do, found.section) == ("see mappings", Section.QUEUE_HAS_NO_CONSUMER)
    enable = becomes("mappings", Level.BAD, no_mapping).do
    _do(enable)
    _do(enable)  # LocalStack disabled it again at the second time
    becomes("mappings", Level.OK)
    becomes("consumers", Level.OK)


def _do(command: str) -> None:
    """Run a command of AWS's command line that a check told."""
    program, service, operation, *options = command.split()
    assert program == "aws"
    named = dict(zip(options, [*options[1:], ""], strict=True))
    assert named["--endpoint-url"] == find_stack(load_settings()).endpoint
    if service == "lambda":
        assert operation == "update-event-source-mapping"
        assert "--enabled" in options
        client("lambda").update_event_source_mapping(UUID=named["--uuid"], Enabled=True)
    else:
        assert (service, operation) == ("events", "enable-rule")
        client("events").enable_rule(Name=named["--name"])


def test_key_that_is_not_published_or_expired_is_named() -> None:
    manager = client("secretsmanager")
    assert check("signing keys").level == Level.OK
    manager.put_secret_value(SecretId="tidings/public-keys", SecretString='{"keys": []}')
    found = check("signing keys")
    assert (found.level, found.section) == (Level.BAD, Section.KEYS)
    stack.make("rotate-keys")
    assert check("signing keys").level == Level.OK

    signing = json.loads(manager.get_secret_value(SecretId="tidings/signing-keys")["SecretString"])
    signing["keys"][0]["created_at"] = (datetime.now(UTC) - timedelta(days=100)).isoformat()
    manager.put_secret_value(SecretId="tidings/signing-keys", SecretString=json.dumps(signing))
    old = check("signing keys")
    assert (old.level, old.do) == (Level.WARN, "make rotate-keys")
    stack.make("rotate-keys")
    assert check("signing keys").level == Level.OK


@pytest.fixture
def no_relay() -> Iterator[str]:
    """Disable the rule that publishes what waits in outboxes."""
    rule = "tidings-outbox-relay"
    client("events").disable_rule(Name=rule)
    yield rule
    client("events").enable_rule(Name=rule)


@pytest.mark.faults  # it waits for the next minute twice
def test_disabled_rule_does_not_run(no_relay: str) -> None:
    disabled, relay = datetime.now(UTC), "tidings-relay-outbox"
    eventually(lambda: log_lines("tidings-measure-backlogs", disabled), what="other rules run")
    assert log_lines(relay, disabled) == []
    client("events").enable_rule(Name=no_relay)
    eventually(lambda: log_lines(relay, disabled), what="the enabled rule runs")


def test_outbox_that_does_not_drain_is_named(no_relay: str, shop: Shop, admin: Shop) -> None:
    order = shop.register().place_order(admin.create_product(stock=1))
    becomes("outboxes", Level.OK)
    _leave_behind(order)
    found = check("outboxes")
    assert (found.level, found.section) == (Level.BAD, Section.OUTBOX_IS_LATE)
    assert "orders.orders" in found.found
    rules = check("rules")
    assert (rules.level, rules.found) == (Level.BAD, "disabled rules: outbox-relay")
    assert rules.section == Section.OUTBOX_IS_LATE
    _do(rules.do)
    assert check("rules").level == Level.OK
    assert found.do == "make run-rule RULE=outbox-relay"
    stack.make("run-rule", "RULE=outbox-relay")
    becomes("outboxes", Level.OK)


def _leave_behind(order_id: str) -> None:
    """Store an event in an order's outbox that is ten minutes old and changes nothing."""
    event: dict[str, Any] = json.loads((ROOT / "events/samples/activity.browsed.json").read_text())
    event["id"] = str(uuid4())
    entry = {
        "event_id": event["id"],
        "type": event["type"],
        "exchange": "user-events",
        "routing_key": event["type"],
        "time": datetime.now(UTC) - timedelta(minutes=10),
        "correlation_id": event["correlationid"],
        "body": json.dumps(event),
    }
    with pymongo.MongoClient[dict[str, Any]](stack_under_test().mongodb_uri) as documents:
        orders = documents["tidings_orders"]["orders"]
        done = orders.update_one({"_id": order_id}, {"$push": {"outbox": entry}})
        assert done.modified_count == 1


@pytest.mark.parametrize(
    ("service", "name", "asking", "another"),
    [
        ("mongodb", "MongoDB", "outboxes", "topology"),
        ("localstack", "LocalStack", "rules", "outboxes"),
    ],
)
def test_service_that_hangs_is_named_and_its_checks_are_left_out(
    service: str, name: str, asking: str, another: str
) -> None:
    stack.freeze(service)
    try:
        services, left_out, unaffected = check("services"), check(asking), check(another)
    finally:
        stack.thaw(service)
    assert services.level == Level.BAD
    assert services.do.startswith("make down, then make up")
    assert f"{service} (not ready" in services.found
    assert left_out.level == Level.SKIPPED
    assert f"{name} does not answer" in left_out.found
    assert unaffected.level == Level.OK
    becomes("health", Level.OK)
    becomes("deployment", Level.OK)


def test_broker_without_disk_space_is_named() -> None:
    stack.rabbitmqctl("set_disk_free_limit", "900000000MB")
    try:
        found = becomes("rabbitmq", Level.BAD, "accepts no messages")
    finally:
        stack.rabbitmqctl("set_disk_free_limit", "50MB")
    assert found.section == Section.RABBITMQ_BLOCKS_PUBLISHERS
    becomes("rabbitmq", Level.OK)
