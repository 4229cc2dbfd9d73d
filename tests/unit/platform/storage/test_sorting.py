import pytest

from tidings.platform.storage.pagination import UnknownCursor
from tidings.platform.storage.sorting import SortOrder
from tidings.platform.timing.times import LATEST


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_time_out_of_range_in_utc_is_no_position(time: str) -> None:
    with pytest.raises(UnknownCursor):
        SortOrder("due_at").behind(f'due_at|{{"value":"{time}","id":"x"}}')


def test_never_is_a_position() -> None:
    behind = SortOrder("due_at").behind(f'due_at|{{"value":"{LATEST.isoformat()}","id":"x"}}')
    assert behind.children[0].query == {"due_at__gt": LATEST}
