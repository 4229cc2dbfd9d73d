"""The number of series at /metrics does not grow with the data (docs/monitoring.md)."""

import re
from typing import Final

from executable import executable_schema

from tests.contract.project import ROOT, functions
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Channel, DeliveryStatus
from tidings.monitoring import figures
from tidings.monitoring.overview.template_rules import RULES
from tidings.platform.mail_servers import MAX_SERVERS
from tidings.platform.messaging.queue_names import QUEUES, RETRY_DELAYS_SECONDS
from tidings.platform.observability import metrics
from tidings.platform.providers.failover import OUTCOMES
from tidings.platform.security.auth import TokenOutcome

MESSAGE_OUTCOMES: Final = 3
CALL_OUTCOMES: Final = 3
# Servers for mails and as many regions for text messages; push and webhooks have one each.
PROVIDERS: Final = 2 * MAX_SERVERS + 2
HISTOGRAM: Final = len(metrics.BUCKETS) + 3  # +Inf, sum and count


def root_fields() -> list[str]:
    roots = [executable_schema().query_type, executable_schema().mutation_type]
    return [name for root in roots if root is not None for name in root.fields]


def series() -> int:
    """Return the most series that names of code and deployment allow."""
    queues, event_types = len(QUEUES), len(list((ROOT / "events" / "samples").iterdir())) + 1
    return (
        len(functions()) * (CALL_OUTCOMES + HISTOGRAM)
        + len(root_fields()) * CALL_OUTCOMES
        + queues * (MESSAGE_OUTCOMES + HISTOGRAM + 3)
        + (queues + len(RETRY_DELAYS_SECONDS)) * 2
        + event_types
        + (len(Channel) + 1) * len(DeliveryStatus)
        + len(figures.OPEN_STATES)
        + len(CampaignState)
        + figures.CAMPAIGNS
        + len(RULES)
        + len(TokenOutcome)
        + PROVIDERS * len(OUTCOMES)
        + 16
    )


def test_bound_in_the_docs_holds() -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text()
    stated = re.search(r"at most ([\d,]+)\s+series", text)
    assert stated is not None
    assert series() <= int(stated[1].replace(",", ""))


def test_a_process_counts_all_its_series() -> None:
    gateway = len(root_fields()) * CALL_OUTCOMES + CALL_OUTCOMES + HISTOGRAM
    types = len(list((ROOT / "events" / "samples").iterdir())) + len(Channel) * len(DeliveryStatus)
    assert gateway + types < metrics.MAX_SERIES


def test_labels_are_names_of_the_code() -> None:
    """Each label of a count is one of these; an id, an address or input is none."""
    allowed = {"queue", "function", "outcome", "field", "type", "channel", "status", "le", "caller"}
    pattern = re.compile(r"metrics\.(?:count|observe)\([^)]*?\{([^}]*)\}", re.S)
    layer = (ROOT / "layers" / "tidings" / "tidings").rglob("*.py")
    calls = [each for file in layer for each in pattern.findall(file.read_text())]
    assert len(calls) >= 3
    used = {name for call in calls for name in re.findall(r'"(\w+)":', call)}
    assert used <= allowed
