"""Headers that pika cannot read: not a number, a time in the year 50000, nested without an end.

pika raises while it reads the frame: the connection is lost, the message comes again, and its
queue stands still. So such a table is read as one that says so, and the message is refused alone.
"""

import struct
from typing import Any

from pika import data

_decode_table = data.decode_table


class Unreadable:
    """Stands for headers that could not be read; it has no form in an event."""


def survive() -> None:
    """Let this process read the other messages of a queue that has one with such headers."""
    data.decode_table = _decode


def _decode(encoded: bytes, offset: int) -> tuple[dict[str | bytes, Any], int]:
    try:
        read: tuple[dict[str | bytes, Any], int] = _decode_table(encoded, offset)
    except Exception:  # noqa: BLE001 (whatever it is, the table says how long it is)
        (size,) = struct.unpack_from(">I", encoded, offset)
        return {"unreadable": Unreadable()}, offset + 4 + size
    return read
