"""Figures for /metrics that MongoDB has to count or find: orders, campaigns, late rules.

They are counted up to `COUNTED_UP_TO`, at most once in `KEPT_SECONDS` by each process.
What happens (orders placed, messages sent) is in the counters of events and deliveries.
"""

import time
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from tidings.campaigns.models import Campaign
from tidings.campaigns.states import CampaignState
from tidings.monitoring.overview.rules import rules
from tidings.monitoring.states import numbers_by_state, orders_by_state
from tidings.orders.states import STEPS, OrderState
from tidings.platform.storage.united import COUNTED_UP_TO
from tidings.platform.timing.clock import now

KEPT_SECONDS: Final = 30.0
# The campaigns with a series of their own: the newest ones.
CAMPAIGNS: Final = 20
# Delivered orders may still be returned, but they pile up.
OPEN_STATES: Final = tuple(
    state for state, steps in STEPS.items() if steps and state is not OrderState.DELIVERED
)

_kept: list[Metric] = []
_kept_until = 0.0


def figures() -> list[Metric]:
    """Return the figures; they may be `KEPT_SECONDS` old."""
    global _kept, _kept_until
    if time.monotonic() >= _kept_until:
        _kept = [_open_orders(), *_campaigns(), _late_rules()]
        _kept_until = time.monotonic() + KEPT_SECONDS
    return _kept


def _open_orders() -> Metric:
    family = GaugeMetricFamily(
        "tidings_open_orders", "Orders by state that need another step.", labels=["state"]
    )
    for state, number in orders_by_state(OPEN_STATES).items():
        family.add_metric([state.value], min(number, COUNTED_UP_TO))
    return family


def _campaigns() -> Iterator[Metric]:
    family = GaugeMetricFamily("tidings_campaigns", "Campaigns by state.", labels=["state"])
    for state, number in numbers_by_state(Campaign, CampaignState).items():
        family.add_metric([state], min(number, COUNTED_UP_TO))
    yield family
    told = GaugeMetricFamily(
        "tidings_campaign_audience",
        "People that a campaign's run has reached, for the newest campaigns.",
        labels=["campaign", "state"],
    )
    newest = Campaign.objects(run__exists=True).only("state", "run").order_by("-id")
    for each in newest[:CAMPAIGNS]:
        told.add_metric([each.id, each.state], each.run.audience)
    yield told


def _late_rules() -> Metric:
    family = GaugeMetricFamily(
        "tidings_rule_is_late",
        "1 if a scheduled rule did not run when it was due; a rule that never ran is not late.",
        labels=["rule"],
    )
    for each in rules(now()):
        family.add_metric([each.name], int(each.is_late))
    return family
