import re
import time
from datetime import UTC, datetime, timedelta

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


def test_first_id_of_a_time_is_before_the_ids_of_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_123_000_000)
    at = datetime.fromtimestamp(1_800_000_000.123, UTC)
    made, millisecond = clock._Ids().next(), timedelta(milliseconds=1)
    assert clock.first_id(at) <= made < clock.first_id(at + millisecond)
    assert clock.first_id(at - millisecond) < clock.first_id(at)


def test_first_id_of_every_time_has_the_form_of_an_id() -> None:
    years = (1, 1969, 1970, 2026, 9999)
    ids = [clock.first_id(datetime(year, 1, 1, tzinfo=UTC)) for year in years]
    assert all(re.fullmatch(r"[0-9a-f]{24}", each) for each in ids)
    assert ids == sorted(ids)
    assert ids[0] == ids[2] == "0" * 24


def test_ids_of_one_millisecond_are_in_order_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)
    ids = clock._Ids()
    made = [ids.next() for _ in range(100)]
    assert made == sorted(set(made))
