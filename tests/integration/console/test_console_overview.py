"""The overview: what it says about queues and rules, and what it shows without services."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from pages import overview
from tests.integration.builders import Queues
from tests.integration.console.people import signed_in
from tests.integration.monitoring.builders import a_dead_letter
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.overview import operations, queue_states
from tidings.monitoring.overview.schemas import (
    OutboxOverview,
    Overview,
    QueueOverview,
    QueueState,
    RuleOverview,
    RunOverview,
)
from tidings.platform.errors import Unavailable
from tidings.platform.messaging import queues as platform_queues
from web.requests import Request
from web.visits import Visit

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def a_queue(name: str = "orders", **values: Any) -> QueueOverview:
    usual: dict[str, Any] = {
        "name": name, "messages": 0, "consumers": 1, "state": "quiet", "age_seconds": 0,
        "lag_seconds": None, "handled_per_minute": 1,
        "retried_per_minute": 0, "dead_per_minute": 0, "p50_ms": 1, "p95_ms": 1,
        "messages_history": [0, 1], "age_history": [0, 1],
    }  # fmt: skip
    return QueueOverview(**usual | values)


def a_rule(**values: Any) -> RuleOverview:
    last = {"scheduled_at": AT, "started_at": AT, "finished_at": AT, "outcome": "ok"}
    usual: dict[str, Any] = {
        "name": "digests", "function": "send-digests", "schedule": "rate(1 minute)",
        "is_enabled": True, "is_late": False, "next_at": AT,
        "last": RunOverview.model_validate({**last, "attempts": 1, "summary": []}),
    }  # fmt: skip
    return RuleOverview(**usual | values)


@pytest.mark.parametrize("state", QueueState)
def test_each_state_of_a_queue_has_a_sign(state: QueueState) -> None:
    assert overview._queue(a_queue(state=state)).kind in {"bad", "wait", "off"}


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "ok"),
        ({"is_late": True}, "late"),
        ({"is_enabled": False, "is_late": True}, "disabled"),
        ({"last": None}, "unknown"),
        ({"last": None, "is_late": True}, "late"),
    ],
)
def test_state_of_a_rule_is_told(values: dict[str, Any], state: str) -> None:
    assert overview._rule(a_rule(**values)).state == state


def test_failed_run_is_told_before_a_late_one() -> None:
    last = a_rule().last
    assert last is not None
    failed = last.model_copy(update={"outcome": "failed"})
    assert overview._rule(a_rule(last=failed, is_late=True)).state == "failed"


def test_page_shows_the_rest_without_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in()

    def away() -> None:
        raise Unavailable("RabbitMQ did not answer.")

    monkeypatch.setattr(platform_queues, "ping_broker", away)
    shown = browser.get()
    assert shown.status == 200
    assert "RabbitMQ does not answer" in shown.text
    assert "Degraded" in shown.text
    assert "Orders by state" in shown.text


def test_live_parts_have_ids() -> None:
    text = signed_in().get().text
    assert text.count("data-live=") == 7
    for name in ("live", "now", "services", "orders", "queues", "functions", "rules"):
        assert f'id="{name}"' in text


def test_first_card_tells_what_needs_attention_with_links(queues: Queues) -> None:
    """The queues of these tests have no consumers."""
    store_failed_messages([a_dead_letter(), a_dead_letter()])
    shown = signed_in().get().text
    card = shown.partition('id="now"')[2].partition("</section>")[0]
    assert "Services: Healthy" in card
    assert re.search(r'<a href="#queues">\d+ queues need attention: .*recommendations', card)
    assert re.search(
        r'<a href="[^"]*failed-messages\?state=failed">2 failed messages wait for an operator', card
    )


def test_both_pages_show_the_same_state_of_a_queue(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (operations, queue_states):
        monkeypatch.setattr(module, "state_of", lambda *_: QueueState.SLOW)
    browser = signed_in()
    assert "Slow: handled after" in browser.get().text
    assert "Slow: handled after" in browser.get("queues").text


def a_visit() -> Visit:
    return Visit(Request({"httpMethod": "GET", "path": "/console", "headers": {}}))


def test_late_rules_and_events_need_attention() -> None:
    late = overview._rule(a_rule(is_late=True))
    found = Overview.model_construct(
        failed_messages=None,
        failed_jobs=1,
        outbox=OutboxOverview(documents=3, age_seconds=301.0),
    )
    rules, visit = [late, overview._rule(a_rule())], a_visit()
    concerns = overview._concerns(found, [], rules, "", lambda row: overview._told(visit, row))
    assert [(each.key, each.number, each.names) for each in concerns] == [
        ("rules", 1, "digests (Late, last run 30 Nov 2026, 12:00:00 UTC)"),
        ("events", 3, ""),
        ("jobs", 1, ""),
    ]
