from types import SimpleNamespace

import pytest

from tidings.platform.storage.sorting import NEWEST_FIRST, SortOrder, UnknownCursor
from tidings.platform.timing.times import LATEST


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_time_out_of_range_in_utc_is_no_position(time: str) -> None:
    with pytest.raises(UnknownCursor):
        SortOrder("due_at").behind(f'due_at|{{"value":"{time}","id":"x"}}')


def test_never_is_a_position() -> None:
    behind = SortOrder("due_at").behind(f'due_at|{{"value":"{LATEST.isoformat()}","id":"x"}}')
    assert behind.children[0].query == {"due_at__gte": LATEST}


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (NEWEST_FIRST, "b"),
        (SortOrder("key", unique=True), "key|EUR:1|b"),
        (SortOrder("key", descending=True, unique=True), "-key|EUR:1|b"),
        (SortOrder("rank"), 'rank|{"value":2,"id":"b"}'),
        (SortOrder("rank", descending=True), 'rank|{"value":2,"id":"b"}'),
    ],
)
def test_places_that_clients_hold_stay_valid(order: SortOrder, place: str) -> None:
    assert order.place_of(SimpleNamespace(pk="b", key="EUR:1|b", rank=2)) == place
    assert order.behind(place)


@pytest.mark.parametrize("place", ["key|a", "b", "|b", "-key", "rank|2"])
def test_place_in_another_order_is_refused(place: str) -> None:
    with pytest.raises(UnknownCursor):
        SortOrder("key", descending=True, unique=True).behind(place)
