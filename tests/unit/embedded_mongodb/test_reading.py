"""Documents are read in chunks, few of them in vain."""

from collections.abc import Iterator
from itertools import islice
from threading import RLock
from types import SimpleNamespace

import bson
import pytest

from tidings_local.embedded_mongodb.reading import _chunks


@pytest.mark.parametrize("wanted", [1, 22, 23, 30, 100, 5_000])
def test_at_most_a_quarter_more_than_wanted_is_read(wanted: int) -> None:
    first, taken = 22, 0

    def stored() -> Iterator[tuple[int, bytes]]:
        nonlocal taken
        for row in range(10_000):
            taken += 1
            yield row, bson.encode({"_id": row})

    storage = SimpleNamespace(_lock=RLock(), _closed=False)
    found = list(islice(_chunks(storage, stored(), first), wanted))

    assert [row for row, _ in found] == list(range(wanted))
    assert taken <= max(first, 1.25 * wanted + 4)
