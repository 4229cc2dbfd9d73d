"""Handle headers that pika cannot read: not a number, a time in the year 50000, endless nesting.

pika raises while it reads the frame: the connection is lost, the message is delivered again, and
its queue stops. With this module such a table is read as an `Unreadable`, and only this message is
rejected.
"""

import struct
from typing import Any

from pika import data

_decode_table = data.decode_table


class Unreadable:
    """Replaces headers that could not be read; it cannot be represented in an event."""


def survive() -> None:
    """Make this process read the other messages of a queue that has one with such headers."""
    data.decode_table = _decode


def _decode(encoded: bytes, offset: int) -> tuple[dict[str | bytes, Any], int]:
    try:
        read: tuple[dict[str | bytes, Any], int] = _decode_table(encoded, offset)
    except Exception:  # noqa: BLE001 (whatever it is, the table says how long it is)
        (size,) = struct.unpack_from(">I", encoded, offset)
        return {"unreadable": Unreadable()}, offset + 4 + size
    return read
