"""Leases of the cache and the limits of the database fit together."""

from tidings.platform.caching.cache import LEASE_SECONDS, WAITS_SECONDS
from tidings.platform.storage.database import OPERATION_MS


def test_a_lease_outlives_a_count_and_a_read_of_a_page() -> None:
    assert LEASE_SECONDS * 1000 > 2 * OPERATION_MS


def test_nobody_waits_long_for_another_reader() -> None:
    assert sum(WAITS_SECONDS) < 0.5
