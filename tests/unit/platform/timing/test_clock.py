import re
import time

import pytest

from tidings.platform.timing import clock


def test_ids_are_24_hex_digits_and_differ() -> None:
    ids = [clock.new_id() for _ in range(1_000)]
    assert all(re.fullmatch(r"[0-9a-f]{24}", each) for each in ids)
    assert len(set(ids)) == 1_000


def test_later_ids_sort_after_earlier_ones_of_any_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    milliseconds = iter(range(1_800_000_000_000, 1_800_000_000_100))
    monkeypatch.setattr(time, "time_ns", lambda: next(milliseconds) * 1_000_000)
    ids = [clock._Ids().next() for _ in range(100)]
    assert ids == sorted(ids)


def test_ids_of_one_millisecond_are_in_order_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)
    ids = clock._Ids()
    made = [ids.next() for _ in range(100)]
    assert made == sorted(set(made))
