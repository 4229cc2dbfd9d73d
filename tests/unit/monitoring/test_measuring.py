"""The alarms on access tokens and on slow consumers follow from the counters of two minutes."""

from datetime import UTC, datetime

import pytest

from tidings.monitoring.measuring import refused_tokens, slow_queues
from tidings.monitoring.overview.samples import Counters
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
BEFORE = {"unknown_key": 100.0, "bad_signature": 10.0, "issued": 50.0, "verified": 70.0}


def tokens(**grown: float) -> Counters:
    known = {
        Series(metrics.ACCESS_TOKENS, (("outcome", name),)): BEFORE.get(name, 0.0) + more
        for name, more in (dict.fromkeys(BEFORE, 0.0) | grown).items()
    }
    return Counters.of(known, NOON)


@pytest.mark.parametrize(
    ("grown", "refused"),
    [
        ({"unknown_key": 8, "issued": 2}, 8),
        ({"unknown_key": 8, "bad_signature": 3, "issued": 2}, 11),
        ({"unknown_key": 8, "issued": 2, "verified": 1}, 0),  # a forger, beside customers
        ({"unknown_key": 8}, 0),  # a forger, without customers
        ({"expired": 8, "malformed": 8, "session_ended": 8, "issued": 2}, 0),
        ({}, 0),
    ],
)
def test_refused_tokens_matter_if_no_issued_one_is_accepted(
    grown: dict[str, float], refused: float
) -> None:
    assert refused_tokens(tokens(), tokens(**grown)) == refused


def test_queues_with_a_slow_batch_are_named() -> None:
    def counters(**batches: float) -> Counters:
        known = {
            Series(metrics.SLOW_BATCHES, (("queue", name),)): number
            for name, number in batches.items()
        }
        return Counters.of(known, NOON)

    assert slow_queues(counters(orders=2), counters(orders=2, inventory=1)) == ["inventory"]
    assert slow_queues(counters(), counters()) == []


def test_counters_of_an_earlier_release_can_be_read() -> None:
    stored = Counters.of({}, NOON).model_dump_json(exclude={"slow", "tokens"})
    assert Counters.model_validate_json(stored) == Counters.of({}, NOON)
