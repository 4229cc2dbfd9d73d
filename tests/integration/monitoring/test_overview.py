"""The overview: what happens now and in the last hour, in few commands, and without a service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import ConnectionError as RedisAway

from tests.integration.builders import Queues, a_person, an_order
from tests.integration.monitoring.builders import a_dead_letter
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.measuring import measure_backlogs
from tidings.monitoring.overview import operations, samples
from tidings.monitoring.overview.operations import get_overview
from tidings.monitoring.overview.schemas import Overview, RuleOverview, RunOutcome
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.orders.states import OrderState
from tidings.platform.caching import cache
from tidings.platform.messaging import queues as platform_queues
from tidings.platform.messaging.broker import BrokerUnavailable
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.observability import metrics
from tidings.platform.security.auth import Role
from tidings.platform.storage import database, united
from tidings.platform.storage.job_runs import JobRun, run_id
from tidings.platform.timing.clock import now

OPERATOR = a_person(Role.OPERATOR)

pytestmark = pytest.mark.usefixtures("keys")

MINUTE = timedelta(minutes=1)
# A Saturday.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(metrics, "_not_before", 0.0)
    for kept in (metrics._added, metrics._noted, metrics._handled):
        kept.clear()


def overview(at: datetime | None = None) -> Overview:
    return get_overview(caller=OPERATOR, at=at)


def rule(name: str, at: datetime = NOON) -> RuleOverview:
    found = overview(at).rules
    assert found is not None
    return next(each for each in found if each.name == name)


def a_run(job: str, at: datetime, **changes: Any) -> None:
    values: dict[str, Any] = {
        "holder": "invocation-1",
        "leased_until": at + timedelta(seconds=30),
        "started_at": at,
        "finished_at": at + timedelta(seconds=2),
        "summary": {"published": 3},
        "expires_at": now() + timedelta(days=30),
    }
    JobRun(id=run_id(job, at), **values | changes).save(force_insert=True)


# ------------------------------------------------------------------------------ now


def test_overview_tells_the_present(queues: Queues) -> None:
    an_order()
    an_order()
    publish_stored()
    an_order()
    take_stored()
    store_failed_messages([a_dead_letter()])
    found = overview()
    assert found.health.status == "healthy"
    assert found.orders is not None
    assert {each.state: each.orders for each in found.orders} == {
        state: 3 if state is OrderState.PLACED else 0 for state in OrderState
    }
    assert found.queues is not None
    depths = {each.name: (each.messages, each.consumers) for each in found.queues}
    assert depths["inventory"] == (2, 0)
    assert depths["retry.600s"] == (0, 0)
    assert found.outbox is not None
    assert found.outbox.documents == 1
    assert found.failed_messages is not None
    assert (found.failed_messages.messages, found.failed_messages.is_more) == (1, False)
    queues.take("inventory", 2)


def test_lateness_of_a_queue_is_told_though_it_is_empty(queues: Queues) -> None:
    at = now()
    metrics.count_message("orders", "handled", 0.01, at - timedelta(seconds=25))
    metrics.flush()
    found = overview(at).queues
    assert found is not None
    orders = next(each for each in found if each.name == "orders")
    assert orders.lag_seconds == pytest.approx(25, abs=5)
    assert (orders.messages, orders.state) == (0, "no_consumer")  # of these tests' own queues


def test_nothing_is_known_of_the_past_before_the_first_sample(queues: Queues) -> None:
    found = overview()
    assert found.history.times == []
    assert (found.orders_per_minute, found.messages_per_second) == (None, None)
    assert (found.functions, found.rates_seconds) == (None, None)
    assert found.queues is not None
    assert {each.handled_per_minute for each in found.queues} == {None}
    assert [each.messages_history for each in found.queues] == [[]] * len(found.queues)


def test_counts_have_a_limit(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (united, operations):
        monkeypatch.setattr(module, "COUNTED_UP_TO", 2)
    for _ in range(3):
        an_order()
    take_stored()
    store_failed_messages([a_dead_letter() for _ in range(3)])
    found = overview()
    assert found.orders is not None
    assert found.failed_messages is not None
    placed = found.orders[0]
    assert (placed.state, placed.orders, placed.is_more) == (OrderState.PLACED, 2, True)
    assert (found.failed_messages.messages, found.failed_messages.is_more) == (2, True)


# -------------------------------------------------------------------------- history


def test_samples_of_the_rule_are_the_history(queues: Queues) -> None:
    began = now() - 6 * MINUTE
    measure_backlogs(began)
    an_order()
    publish_stored()
    metrics.count_message("orders", "handled", 0.02, None)
    metrics.count("tidings_invocations", {"function": "tidings-gateway", "outcome": "error"})
    metrics.flush()
    measure_backlogs(began + MINUTE)
    found = overview(began + 3 * MINUTE)
    assert found.history.times == [began + MINUTE]
    assert found.history.orders_per_minute == [1.0]
    assert found.history.handled_per_second == [round(1 / 60, 3)]
    assert found.orders_per_minute == 0.0  # since the last sample
    assert found.messages_per_second is not None
    assert found.messages_per_second.handled == 0.0
    assert found.rates_seconds == 180.0
    assert found.functions is not None
    (gateway,) = found.functions
    assert (gateway.function, gateway.errors_per_minute) == ("tidings-gateway", round(1 / 3, 2))
    by_name = {each.name: each for each in found.queues or ()}
    assert by_name["inventory"].messages_history == [1]
    assert by_name["inventory"].age_history == [0.0]
    orders = by_name["orders"]
    assert (orders.handled_per_minute, orders.p50_ms) == (round(1 / 3, 2), 17.5)
    queues.take("inventory", 1)


def test_samples_are_bounded(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "SAMPLES_KEPT", 4)
    monkeypatch.setattr(samples, "SAMPLES_SHOWN", 2)
    began = now() - 10 * MINUTE
    for number in range(8):
        measure_backlogs(began + number * MINUTE)
    redis = cache.client()
    assert redis.llen(cache.key("overview", "samples")) == 4
    assert redis.llen(cache.key("overview", "counters")) == samples.COUNTERS_KEPT
    assert 0 < redis.ttl(cache.key("overview", "samples")) <= samples.KEPT_SECONDS
    assert overview().history.times == [began + 6 * MINUTE, began + 7 * MINUTE]


def test_samples_of_two_runs_at_once_are_in_order_of_time(queues: Queues) -> None:
    began = now() - 10 * MINUTE
    for minutes in (0, 2, 1, 2):
        measure_backlogs(began + minutes * MINUTE)
    assert overview().history.times == [began + MINUTE, began + 2 * MINUTE]


def test_samples_of_other_versions_are_left_out(queues: Queues) -> None:
    began = now() - 3 * MINUTE
    for minutes in range(3):
        measure_backlogs(began + minutes * MINUTE)
    cache.client().lset(cache.key("overview", "samples"), 1, '{"at": "then"}')
    cache.client().lset(cache.key("overview", "counters"), -1, "[]")
    found = overview()
    assert found.history.times == [began + 2 * MINUTE]
    assert found.functions is None


# ---------------------------------------------------------------------------- rules


def test_rule_tells_its_last_and_its_next_run(queues: Queues) -> None:
    for minutes in (1, 2, 3):
        a_run("relay_outbox", NOON - minutes * MINUTE, attempts=minutes)
    found = rule("outbox-relay")
    assert (found.function, found.schedule) == ("relay-outbox", "rate(1 minute)")
    assert (found.is_enabled, found.is_late) == (True, False)
    assert found.last is not None
    assert (found.last.scheduled_at, found.last.attempts) == (NOON - MINUTE, 1)
    assert found.last.outcome is RunOutcome.OK
    assert [(each.name, each.number) for each in found.last.summary] == [("published", 3)]
    assert found.next_at == NOON + MINUTE


@pytest.mark.parametrize(
    ("leased_for", "outcome"), [(30, RunOutcome.RUNNING), (0, RunOutcome.FAILED)]
)
def test_run_without_an_end_is_running_or_failed(
    leased_for: int, outcome: RunOutcome, queues: Queues
) -> None:
    a_run(
        "relay_outbox",
        NOON - MINUTE,
        finished_at=None,
        summary={},
        leased_until=NOON + timedelta(seconds=leased_for),
    )
    found = rule("outbox-relay").last
    assert found is not None
    assert found.outcome is outcome


def test_jobs_that_failed_three_times_are_counted(queues: Queues) -> None:
    a_run("relay_outbox", NOON - 10 * MINUTE, finished_at=None, attempts=3, repeated_at=NOON)
    a_run("relay_outbox", NOON - MINUTE)
    assert overview(NOON).failed_jobs == 1
    assert rule("outbox-relay").last is not None


def test_rule_that_missed_a_run_is_late(queues: Queues) -> None:
    a_run("relay_outbox", NOON - 10 * MINUTE)
    a_run("daily_order_status", NOON - timedelta(hours=27))
    late, daily = rule("outbox-relay"), rule("daily-order-status")
    assert (late.is_late, late.next_at) == (True, None)
    assert (daily.is_late, daily.next_at) == (True, None)
    a_run("daily_order_status", NOON - timedelta(hours=3))
    daily = rule("daily-order-status")
    assert (daily.is_late, daily.next_at) == (False, NOON + timedelta(hours=21))


@pytest.mark.parametrize(
    ("job", "name", "seconds", "is_late"),
    [
        ("relay_outbox", "outbox-relay", 120, False),
        ("relay_outbox", "outbox-relay", 121, True),
        ("settle_orders", "saga-settling", 14 * 60, False),
        ("settle_orders", "saga-settling", 14 * 60 + 1, True),
    ],
)
def test_rule_with_a_rate_is_late_after_two_periods_at_most(
    job: str, name: str, seconds: int, is_late: bool, queues: Queues
) -> None:
    a_run(job, NOON - timedelta(seconds=seconds))
    assert rule(name).is_late is is_late


def test_rule_that_never_ran_has_no_last_run(queues: Queues) -> None:
    found = rule("digests")
    assert (found.last, found.is_late, found.next_at) == (None, False, NOON + timedelta(hours=1))
    assert rule("outbox-relay").next_at is None


def test_rules_that_share_a_job_have_their_own_last_runs(queues: Queues) -> None:
    friday = NOON - timedelta(days=1)
    a_run("run_due_campaigns", friday)
    a_run("run_due_campaigns", NOON - 5 * MINUTE)
    found = {each.name: each.last for each in overview(NOON).rules or ()}
    assert found["promotional-notifications"] is not None
    assert found["promotional-notifications"].scheduled_at == friday
    assert found["timed-campaigns"] is not None
    assert found["timed-campaigns"].scheduled_at == NOON - 5 * MINUTE


# ------------------------------------------------------------------------- failures


def away(*_: object) -> Any:
    raise RedisAway


def test_without_the_cache_only_the_past_is_unknown(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_backlogs(now() - 2 * MINUTE)
    measure_backlogs(now() - MINUTE)
    monkeypatch.setattr(cache, "client", away)
    measure_backlogs()
    found = overview()
    assert found.health.status == "degraded"
    assert found.history.times == []
    assert found.orders is not None
    assert found.queues is not None
    assert {each.age_seconds for each in found.queues} == {None}


def test_without_the_broker_only_the_queues_are_unknown(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broker_away() -> Any:
        raise BrokerUnavailable("away")

    monkeypatch.setattr(platform_queues, "publisher", broker_away)
    measure_backlogs(now() - 2 * MINUTE)
    measure_backlogs(now() - MINUTE)
    found = overview()
    assert found.queues is None
    assert len(found.history.times) == 1
    assert found.rules is not None


def test_without_mongodb_the_rest_is_answered(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mongodb_away() -> Any:
        raise TimeoutError

    monkeypatch.setattr(database, "ping", mongodb_away)
    found = overview()
    assert found.health.status == "unhealthy"
    assert (found.orders, found.outbox, found.failed_messages, found.rules) == (None,) * 4
    assert found.queues is not None


# ----------------------------------------------------------------------------- size


def test_number_of_commands_does_not_grow(queues: Queues, commands: list[str]) -> None:
    measure_backlogs(now() - 2 * MINUTE)
    for _ in range(20):
        an_order()
    take_stored()
    store_failed_messages([a_dead_letter() for _ in range(20)])
    for minutes in range(20):
        a_run("relay_outbox", NOON - minutes * MINUTE)
    overview()
    commands.clear()
    overview()
    outboxes = len(OUTBOX_DOCUMENTS)
    # Failed messages, failed jobs, orders, rules, and the number of orders in the outbox.
    assert sorted(commands) == sorted(["aggregate"] * 5 + ["find"] * outboxes)
