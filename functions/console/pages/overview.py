"""The overview: what happens now, and in the last hour."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from tidings.monitoring.overview.operations import get_overview
from tidings.monitoring.overview.schemas import (
    FunctionOverview,
    Overview,
    QueueOverview,
    QueueState,
    RuleOverview,
)
from tidings.platform.messaging.queue_names import QUEUES
from web.views import View
from web.visits import Visit

# Functions without errors beyond this number are shown on demand.
FUNCTIONS_SHOWN: Final = 12
# Events that wait longer in their outboxes are late.
LATE_SECONDS: Final = 300.0
HEALTH: Final = {"healthy": "good", "degraded": "wait", "unhealthy": "bad"}
QUEUE_KINDS: Final = {
    QueueState.NO_CONSUMER: "bad",
    QueueState.FAILING: "bad",
    QueueState.STALLED: "bad",
    QueueState.RETRYING: "wait",
    QueueState.SLOW: "bad",
    QueueState.WAITING: "wait",
    QueueState.QUIET: "off",
}
OUTCOMES: Final = {"ok": "good", "running": "wait", "failed": "bad"}


class QueueRow(NamedTuple):
    """A queue, with the code of its state and the kind of its sign."""

    it: QueueOverview
    state: str
    kind: str


class RuleRow(NamedTuple):
    """A rule, with the same."""

    it: RuleOverview
    state: str
    kind: str


class Concern(NamedTuple):
    """Something that needs attention: the key of its text, number and names, and its place."""

    key: str
    number: int
    names: str
    address: str


def show(visit: Visit) -> View:
    """Return the page. If a service is unavailable, the page shows the rest."""
    found = get_overview(caller=visit.caller)
    queues = [_queue(each) for each in found.queues or ()]
    rules = [_rule(each) for each in found.rules or ()]
    functions = sorted(found.functions or (), key=lambda each: -each.errors_per_minute)
    values = {
        "found": found,
        "health": HEALTH[found.health.status],
        "queues": [each for each in queues if each.it.name in QUEUES],
        "retries": [each for each in queues if each.it.name not in QUEUES],
        "shown_functions": functions[: _shown(functions)],
        "other_functions": functions[_shown(functions) :],
        "rules": rules,
        "concerns": _concerns(
            found,
            queues,
            rules,
            visit.link("failed-messages", state="failed"),
            lambda row: _told(visit, row),
        ),
    }
    return View("overview.html", visit.texts("overview.title"), values)


def _concerns(
    found: Overview,
    queues: Sequence[QueueRow],
    rules: Sequence[RuleRow],
    failed_address: str,
    told: Callable[[RuleRow], str],
) -> list[Concern]:
    """Return what needs attention, beside services that do not answer."""
    bad_queues = [each.it.name for each in queues if each.kind == "bad"]
    bad_rules = [told(each) for each in rules if each.kind == "bad"]
    failed = found.failed_messages.messages if found.failed_messages else 0
    is_late = found.outbox is not None and found.outbox.age_seconds > LATE_SECONDS
    concerns = (
        Concern("queues", len(bad_queues), ", ".join(bad_queues), "#queues"),
        Concern("failed", failed, "", failed_address),
        Concern("rules", len(bad_rules), "; ".join(bad_rules), "#rules"),
        Concern("events", found.outbox.documents if found.outbox and is_late else 0, "", "#rules"),
        Concern("jobs", found.failed_jobs or 0, "", "#rules"),
    )
    return [each for each in concerns if each.number]


def _told(visit: Visit, row: RuleRow) -> str:
    """Return a rule's name and state, with the time of its last run."""
    state = visit.texts(f"rule_states.{row.state}")
    last = visit.formats.plain_time(row.it.last.started_at if row.it.last else None)
    return visit.texts("rules.told", name=row.it.name, state=state, last=last)


def _shown(functions: Sequence[FunctionOverview]) -> int:
    return max(FUNCTIONS_SHOWN, sum(each.errors_per_minute > 0 for each in functions))


def _queue(queue: QueueOverview) -> QueueRow:
    return QueueRow(queue, str(queue.state), QUEUE_KINDS[queue.state])


def _rule(rule: RuleOverview) -> RuleRow:
    if not rule.is_enabled:
        return RuleRow(rule, "disabled", "off")
    if rule.last is not None and rule.last.outcome == "failed":
        return RuleRow(rule, "failed", "bad")
    if rule.is_late:
        return RuleRow(rule, "late", "bad")
    if rule.last is None:
        return RuleRow(rule, "unknown", "off")
    return RuleRow(rule, str(rule.last.outcome), OUTCOMES[rule.last.outcome])
