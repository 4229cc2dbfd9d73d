"""The leases of the cache are longer than the time limits of the database."""

from tidings.platform.caching.cache import LEASE_SECONDS, WAITS_SECONDS
from tidings.platform.storage.database import OPERATION_MS


def test_lease_is_longer_than_a_count_and_a_read_of_a_page() -> None:
    assert LEASE_SECONDS * 1000 > 2 * OPERATION_MS


def test_waiting_for_another_reader_is_short() -> None:
    assert sum(WAITS_SECONDS) < 0.5
