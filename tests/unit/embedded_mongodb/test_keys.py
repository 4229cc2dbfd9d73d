"""Keys of tables are packed and read as WiredTiger's Python does it."""

import random
from typing import Any

import pytest
from wiredtiger import packing

from tidings_local.embedded_mongodb import keys


@pytest.mark.parametrize("seed", range(20))
def test_same_bytes_and_columns(seed: int) -> None:
    random.seed(seed)
    for fmt in ("SSSu", "SSu", "SSq", "SSS", "SS", "u", "q", "Sq", "r"):
        columns = [_column(each) for each in fmt]
        packed = keys.pack(fmt, *columns)
        assert packed == packing.pack(fmt, *columns)
        assert keys.unpack(fmt, packed) == packing.unpack(fmt, packed)


def _column(letter: str) -> Any:
    if letter == "S":
        return "".join(random.choices("abé\0", weights=(5, 5, 2, 1), k=random.randrange(6)))
    if letter == "u":
        return random.randbytes(random.randrange(20)) + b"\0"
    return random.choice((0, 1, 63, 64, 300, 2**40, 2**62))
