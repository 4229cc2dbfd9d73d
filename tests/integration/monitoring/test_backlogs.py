"""Backlogs are measured for operators, Prometheus and CloudWatch."""

import json
from datetime import timedelta
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pymongo.errors import NetworkTimeout
from redis import ConnectionError as RedisAway

from tests.integration.builders import CONTEXT, Queues, a_person, a_product, an_order
from tests.integration.gateway.in_process import InProcessApi
from tests.integration.monitoring.builders import a_dead_letter
from tests.unit.platform.builders import signing_keys, use_keys
from tests.waiting import eventually
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignRun, CampaignSchedule
from tidings.monitoring import exposition as exposition_of_metrics
from tidings.monitoring import figures, measuring
from tidings.monitoring.backlogs import outbox_backlog
from tidings.monitoring.exposition import exposition
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.leases import HeldLease, lease
from tidings.monitoring.measuring import measure_backlogs
from tidings.monitoring.overview.queues import get_queue_stats
from tidings.monitoring.overview.template_rules import RULES
from tidings.monitoring.relay import LEASE_SECONDS, relay_outbox
from tidings.orders.events import OrderPlaced
from tidings.orders.models import Order
from tidings.platform.caching import cache
from tidings.platform.entry.consumer import consumer
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging import queues as platform_queues
from tidings.platform.messaging.broker import BrokerUnavailable
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.observability import metrics
from tidings.platform.security.auth import Role, TokenOutcome, count_token
from tidings.platform.settings import settings
from tidings.platform.storage.job_runs import JobRun, run_id
from tidings.platform.timing.clock import now

OPERATOR = a_person(Role.OPERATOR)

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture(autouse=True)
def count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(metrics, "_not_before", 0.0)
    for kept in (metrics._added, metrics._noted, metrics._handled):
        kept.clear()
    monkeypatch.setattr(figures, "_kept_until", 0.0)


@consumer(OrderPlaced)
def handles_or_fails(event: OrderPlaced) -> None:
    if event.subject == "bad":
        raise LookupError


def handle(queues: Queues, orders: int) -> None:
    for _ in range(orders):
        an_order()
    publish_stored()
    event = queues.event_of("inventory", queues.take("inventory", orders))
    handles_or_fails(event, CONTEXT)


def samples() -> dict[tuple[str, ...], float]:
    return {
        (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
        for family in text_string_to_metric_families(exposition())
        for each in family.samples
    }


# --------------------------------------------------------------------------- queues


def test_queues_report_their_depth_and_rate(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(queues, 5)
    an_order()
    publish_stored()
    minute_later = now() + timedelta(minutes=1)
    monkeypatch.setattr(metrics, "now", lambda: minute_later)
    stats = {each.name: each for each in get_queue_stats(caller=OPERATOR)}
    inventory = stats["inventory"]
    assert (inventory.messages, inventory.consumers) == (1, 0)
    assert inventory.state == "no_consumer"
    assert inventory.handled_per_minute == 1.0
    assert inventory.lag_seconds is not None
    assert 0 <= inventory.lag_seconds < 30
    assert stats["orders"].handled_per_minute == 0.0
    assert {"failed-messages", "retry.600s"} <= set(stats)


def test_queues_are_reported_without_redis(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise RedisAway

    monkeypatch.setattr(cache, "client", away)
    assert {each.handled_per_minute for each in get_queue_stats(caller=OPERATOR)} == {None}


def test_missing_queue_is_left_out(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_queues, "QUEUES", ("inventory", "no-such-queue", "orders"))
    names = [each.name for each in get_queue_stats(caller=OPERATOR)]
    assert names[:2] == ["inventory", "orders"]


# --------------------------------------------------------------------------- outbox


def test_backlog_is_counted_with_its_age(queues: Queues) -> None:
    assert outbox_backlog().documents == 0
    orders = [an_order(a_product()) for _ in range(3)]
    take_stored()
    old = now() - timedelta(minutes=10)
    Order.objects(pk=orders[1].id).update_one(set__outbox__0__time=old)
    waiting = outbox_backlog(old + timedelta(minutes=10))
    assert (waiting.documents, waiting.age_seconds) == (3, 600.0)


def test_only_one_relay_works_at_a_time(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    an_order()
    take_stored()
    with lease("outbox-relay", LEASE_SECONDS) as ours:
        assert ours
        assert relay_outbox() == 0
    assert relay_outbox() == 1
    queues.take("inventory", 1)


def test_lease_of_a_crashed_relay_expires() -> None:
    with lease("work", seconds=60) as first, lease("work", 60, now() + timedelta(61)) as second:
        assert first
        assert second
        assert not first.renew()  # another relay has it by now
    with lease("work", seconds=60) as third:
        assert third


def test_lease_of_a_working_relay_is_renewed() -> None:
    with lease("work", 20, now() - timedelta(seconds=19)) as ours:
        assert ours
        assert ours.renew()
        with lease("work", 20, now() + timedelta(seconds=10)) as others:
            assert others is None


def test_relay_stops_when_another_one_has_its_lease(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    an_order()
    take_stored()
    monkeypatch.setattr(HeldLease, "renew", lambda _: False)
    assert relay_outbox() == 0


def test_lease_of_a_relay_with_its_clock_ahead_blocks_no_other() -> None:
    with lease("work", 60, now() + timedelta(hours=1)), lease("work", seconds=60) as ours:
        assert ours


# -------------------------------------------------------------------------- metrics


def test_counters_of_all_environments_are_exposed(queues: Queues) -> None:
    handle(queues, 3)
    store_failed_messages([a_dead_letter()])
    found = samples()
    assert found["tidings_messages_total", "handled", "inventory"] == 3
    assert found["tidings_message_seconds_count", "inventory"] == 3
    assert found["tidings_message_seconds_bucket", "+Inf", "inventory"] == 3
    assert found["tidings_queue_messages", "inventory"] == 0
    assert found["tidings_failed_messages",] == 1
    assert found["tidings_failed_jobs",] == 0
    assert found["tidings_outbox_documents",] == 0
    services = ("mongodb", "redis", "redis_cache", "rabbitmq")
    assert {found["tidings_up", each] for each in services} == {1}
    assert 0 < found["tidings_redis_memory_ratio",] < 1
    assert 0 < found["tidings_redis_cache_memory_ratio",] < 1


def test_oldest_message_ages_until_one_is_handled(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = now()
    clock = {"seconds": 0}
    monkeypatch.setattr(metrics, "now", lambda: began + timedelta(seconds=clock["seconds"]))
    age = "tidings_queue_age_seconds", "inventory"
    assert samples()[age] == 0  # an empty queue
    for _ in range(3):
        an_order()
    publish_stored()
    assert samples()[age] == 0  # seen for the first time
    clock["seconds"] = 90
    assert samples()[age] == pytest.approx(90, abs=1)
    metrics.count_message("inventory", "handled", 0.1, began + timedelta(seconds=80))
    metrics.flush()
    assert samples()[age] == pytest.approx(10, abs=1)
    queues.take("inventory", 3)
    assert samples()[age] == 0


def test_published_events_are_counted_by_type(queues: Queues) -> None:
    for _ in range(2):
        an_order()
    publish_stored()
    metrics.flush()
    queues.take("inventory", 2)
    assert samples()["tidings_events_total", "order.placed"] == 2


def test_open_orders_and_campaigns_are_counted_by_state(queues: Queues) -> None:
    an_order()
    take_stored()
    found = samples()
    assert found["tidings_open_orders", "placed"] == 1
    assert found["tidings_open_orders", "paid"] == 0
    assert ("tidings_open_orders", "delivered") not in found
    assert found["tidings_campaigns", "running"] == 0


def test_figures_are_not_counted_for_each_scrape(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "KEPT_SECONDS", 3600.0)
    an_order()
    take_stored()
    first = samples()["tidings_open_orders", "placed"]
    an_order()
    take_stored()
    assert samples()["tidings_open_orders", "placed"] == first == 1


def test_tokens_slow_batches_and_the_signing_key_are_told(
    queues: Queues, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, at = signing_keys(), now() - timedelta(days=91)
    made.keys[0] = made.keys[0].model_copy(update={"created_at": at})
    use_keys(monkeypatch, made)
    measure_backlogs(now() - timedelta(minutes=2))
    measure_backlogs(now() - timedelta(minutes=1))
    count_token(TokenOutcome.ISSUED)
    for _ in range(3):
        count_token(TokenOutcome.UNKNOWN_KEY)
    metrics.count_batch("inventory", 10.0)
    metrics.flush()
    capsys.readouterr()
    measure_backlogs()
    metrics.flush()
    told = told_to_cloudwatch(capsys)
    assert told["SlowConsumers", None] == [1]
    assert told["RefusedTokens", None] == [3]
    assert told["SigningKeyAge", None] == [pytest.approx(91 * 86_400, abs=60)]
    found = samples()
    assert found["tidings_access_tokens_total", "unknown_key"] == 3
    assert found["tidings_access_tokens_total", "verified"] == 0
    assert found["tidings_slow_batches_total", "inventory"] == 1
    created = found["tidings_signing_key_created_timestamp_seconds",]
    assert created == pytest.approx(at.timestamp(), abs=1)


def test_late_rules_are_told(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    for job, minutes in (("relay_outbox", 10), ("send_redriven", 1)):
        due = now() - timedelta(minutes=minutes)
        JobRun(
            id=run_id(job, due),
            holder="invocation-1",
            leased_until=due,
            started_at=due,
            finished_at=due,
            expires_at=now() + timedelta(days=30),
        ).save(force_insert=True)
    found = {key[1]: value for key, value in samples().items() if key[0] == "tidings_rule_is_late"}
    assert found == {name: int(name == "outbox-relay") for name, *_ in RULES}
    measure_backlogs()
    assert told_to_cloudwatch(capsys)["LateRules", None] == [1]


def test_only_the_newest_campaigns_have_a_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "CAMPAIGNS", 2)
    made = [a_run_campaign(number) for number in range(3)]
    found = {
        key: value for key, value in samples().items() if key[0] == "tidings_campaign_audience"
    }
    assert found == {
        ("tidings_campaign_audience", made[2], "running"): 2,
        ("tidings_campaign_audience", made[1], "running"): 1,
    }


def a_run_campaign(told: int) -> str:
    campaign = Campaign(
        name="Sale",
        template_code="promotion",
        audience=CampaignAudience(),
        schedule=CampaignSchedule(kind="next_friday"),
        state="running",
        run=CampaignRun(id="r", due_at=now(), started_at=now(), audience=told),
    ).save()
    return str(campaign.id)


def test_counters_of_another_process_are_added(queues: Queues) -> None:
    handle(queues, 2)
    metrics.count_message("inventory", "handled", 0.1, now())
    metrics.flush()
    assert samples()["tidings_messages_total", "handled", "inventory"] == 3


def test_counts_made_without_redis_are_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away() -> None:
        raise RedisAway

    metrics.count_message("inventory", "handled", 0.1, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "client", away)
        metrics.flush()
    monkeypatch.setattr(metrics, "_not_before", 0.0)
    metrics.flush()
    assert samples()["tidings_messages_total", "handled", "inventory"] == 1


def test_metrics_are_incomplete_while_the_broker_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away() -> None:
        raise BrokerUnavailable("away")

    monkeypatch.setattr(platform_queues, "publisher", away)
    found = samples()
    assert (found["tidings_up", "rabbitmq"], found["tidings_up", "mongodb"]) == (0, 1)


def test_metrics_endpoint_serves_prometheus() -> None:
    answer = InProcessApi().request("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "tidings_up" in answer.text


@pytest.fixture
def closed_metrics(monkeypatch: pytest.MonkeyPatch) -> str:
    """Protect /metrics as on AWS; return its token."""
    closed = settings().model_copy(update={"open_metrics": False})
    monkeypatch.setattr("tidings.monitoring.exposition.settings", lambda: closed)
    monkeypatch.setattr("tidings.monitoring.exposition.metrics_token", lambda: "the-token")
    return "the-token"


def test_protected_metrics_need_the_token(closed_metrics: str) -> None:
    headers = {"Authorization": f"Bearer {closed_metrics}"}
    answer = InProcessApi().request("GET", "/metrics", headers=headers)
    assert answer.status == 200
    assert "tidings_up" in answer.text


@pytest.mark.usefixtures("closed_metrics")
@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer other", "Basic the-token", "the-token", "é"]
)
def test_protected_metrics_reveal_nothing_without_it(authorization: str) -> None:
    answer = InProcessApi().request("GET", "/metrics", headers={"Authorization": authorization})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "tidings_" not in answer.text


@pytest.mark.usefixtures("closed_metrics")
@pytest.mark.parametrize("token", [None, ""])
def test_protected_metrics_without_a_configured_token_are_closed(
    token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidings.monitoring.exposition.metrics_token", lambda: token)
    for authorization in ("", "Bearer ", "Bearer None"):
        headers = {"Authorization": authorization}
        assert InProcessApi().request("GET", "/metrics", headers=headers).status == 401


def test_request_is_counted_at_its_end() -> None:
    InProcessApi().request("GET", "/api/v1/products")
    InProcessApi().request("GET", "/api/v1/products/" + "0" * 24)
    found = samples()
    assert found["tidings_invocations_total", "local", "ok"] == 1
    assert found["tidings_invocations_total", "local", "refused"] == 1


def told_to_cloudwatch(
    capsys: pytest.CaptureFixture[str],
) -> dict[tuple[str, str | None], list[float]]:
    """Return the values that were logged for CloudWatch by metric and queue."""
    told = {}
    for line in capsys.readouterr().out.splitlines():
        content = json.loads(line)
        if "_aws" in content:
            (logged,) = content["_aws"]["CloudWatchMetrics"]
            assert logged["Namespace"] == settings().metrics_namespace
            (metric,) = logged["Metrics"]
            told[metric["Name"], content.get("queue")] = content[metric["Name"]]
    return told


@pytest.mark.parametrize(("handled", "stalled"), [({}, 1.0), ({"inventory": 0.2}, 0.0)])
def test_queue_whose_messages_are_not_handled_is_stalled(
    handled: dict[str, float],
    stalled: float,
    queues: Queues,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    an_order()
    publish_stored()
    eventually(lambda: platform_queues.queue_depths()["inventory"] == (1, 0))
    monkeypatch.setattr(metrics, "handled_per_minute", lambda: handled)
    measure_backlogs()
    assert told_to_cloudwatch(capsys)["StalledQueues", None] == [stalled]


def test_without_counts_of_handled_messages_no_queue_is_called_stalled(
    queues: Queues, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise RedisAway

    monkeypatch.setattr(metrics, "handled_per_minute", away)
    measure_backlogs()
    assert ("StalledQueues", None) not in told_to_cloudwatch(capsys)


def test_cloudwatch_metrics_are_in_the_log(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    store_failed_messages([a_dead_letter()])
    an_order()
    take_stored()
    summary = measure_backlogs()
    assert summary["failed"] == 1
    told = told_to_cloudwatch(capsys)
    assert told["FailedMessages", None] == [1.0]
    assert told["BrokerReachable", None] == [1.0]
    assert told["QueueDepth", "inventory"] == [0.0]
    assert {"OutboxAge", "OutboxDocuments", "DeepestQueue"} <= {name for name, _ in told}


SENT: Final = {
    "outbox_backlog": {"OutboxAge", "OutboxDocuments"},
    "failed_waiting": {"FailedMessages"},
    "queue_depths": {"BrokerReachable", "QueueDepth", "DeepestQueue"},
    "rules": {"LateRules"},
}


@pytest.mark.parametrize("broken", SENT)
def test_part_that_cannot_be_measured_does_not_stop_the_others(
    broken: str,
    queues: Queues,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_slow(*_: object) -> None:
        raise NetworkTimeout("too slow")

    monkeypatch.setattr(measuring, broken, too_slow)
    for minutes in (2, 1):
        with pytest.raises(NetworkTimeout):
            measure_backlogs(now() - timedelta(minutes=minutes))
    capsys.readouterr()
    caplog.clear()
    with pytest.raises(NetworkTimeout):
        measure_backlogs()
    sent = {name for name, _ in told_to_cloudwatch(capsys)}
    others = set().union(*(names for part, names in SENT.items() if part != broken))
    assert others | {"SlowConsumers", "RefusedTokens"} <= sent
    assert not SENT[broken] & sent
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert errors == ["backlogs not measured"]


def test_backlogs_are_counted_up_to_a_limit(
    queues: Queues, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (measuring, exposition_of_metrics, outbox):
        monkeypatch.setattr(module, "COUNTED_UP_TO", 2)
    product = a_product()
    for _ in range(3):
        an_order(product)
    take_stored()
    store_failed_messages([a_dead_letter() for _ in range(3)])
    assert measure_backlogs()["failed"] == 2
    told, found = told_to_cloudwatch(capsys), samples()
    assert told["FailedMessages", None] == [2]
    assert told["OutboxDocuments", None] == [2]
    assert found["tidings_failed_messages",] == 2
    assert found["tidings_outbox_documents",] == 2
