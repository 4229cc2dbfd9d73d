"""Pack and unpack the keys of WiredTiger's tables.

WiredTiger's Python reads a key by interpreting its format character by character, 6 us each time.
SecantusDB's keys have a few fixed formats: texts that end with NUL (`S`), then bytes (`u`) or an
integer (`q`), or one of the latter. For other formats the original functions are called.
"""

from __future__ import annotations

from typing import Any, Final

from wiredtiger.intpacking import pack_int, unpack_int
from wiredtiger.packing import pack as pack_by_format
from wiredtiger.packing import unpack as unpack_by_format

# The number of texts at the beginning, by format.
TEXTS: Final = {"SSSu": 3, "SSu": 2, "SSq": 2, "SSS": 3, "SS": 2}


def unpack(fmt: str, packed: bytes) -> Any:
    """Return the columns of a key or a value."""
    if fmt == "u":
        return [packed or b""]
    if fmt == "q":
        return [unpack_int(packed)[0]]
    texts = TEXTS.get(fmt)
    if texts is None:
        return unpack_by_format(fmt, packed)
    *names, rest = packed.split(b"\0", texts)
    columns: list[Any] = [name.decode() for name in names]
    if fmt[-1] == "u":
        columns.append(rest)
    elif fmt[-1] == "q":
        columns.append(unpack_int(rest)[0])
    return columns


def pack(fmt: str, *columns: Any) -> Any:
    """Return a key or a value as WiredTiger stores it."""
    if fmt == "u" and type(columns[0]) is bytes:
        return columns[0]
    if fmt == "q":
        return pack_int(columns[0])
    texts = TEXTS.get(fmt)
    if texts is None:
        return pack_by_format(fmt, *columns)
    joined = "\0".join(columns[:texts])
    if joined.count("\0") >= texts:  # one of them has a NUL
        return pack_by_format(fmt, *columns)
    head = joined.encode() + b"\0"
    if fmt[-1] == "S":
        return head
    last = columns[texts]
    if fmt[-1] == "q":
        return head + pack_int(last)
    return head + last if type(last) is bytes else pack_by_format(fmt, *columns)
