"""The waits of these tests are longer than the tests."""

from dataclasses import replace

import pytest

from tests.integration.users.waits import TIMES_AS_LONG
from tidings.users.throttle import Guard


@pytest.fixture(autouse=True)
def _long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lengthen each wait: a busy machine lets the first one, of a second, pass before it is met."""
    count = Guard.count

    def count_with_long_waits(guard: Guard, subject: str) -> int:
        first, longest = guard.first * TIMES_AS_LONG, guard.longest * TIMES_AS_LONG
        return count(replace(guard, first=first, longest=longest), subject)

    monkeypatch.setattr(Guard, "count", count_with_long_waits)
