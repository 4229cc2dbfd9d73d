"""Positions in a live inbox: what a person's stream has sent, as a short text.

Notifications become visible in another order than that of their ids: one process makes an id and
stores the notification a moment later, and another one stores a later id in between. A position
therefore has two parts. All that was visible before `read_at - WINDOW` was sent. Of the rest, it
lists what was sent (docs/decisions/0182-live-inbox-by-events.md).
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from tidings.platform.errors import InvalidInput
from tidings.platform.timing.clock import EPOCH

# The longest time from an id to its visible notification. A process that stores notifications ends
# within 300 seconds (template.yaml); the rest allows for clock differences.
WINDOW: Final = timedelta(seconds=330)
# More are not listed: then the client loads the inbox again.
MAX_LISTED: Final = 100
_MILLISECOND: Final = timedelta(milliseconds=1)
# Bytes of a hash: 8 characters each.
_HASH_BYTES: Final = 6
_MANY: Final = "*"
_FORM: Final = re.compile(
    rf"(?P<read_at>[0-9a-f]{{12}})(?P<sent>(\.[A-Za-z0-9_-]{{8}}){{0,{MAX_LISTED}}}|\.\*)"
)


class UnknownPosition(InvalidInput):
    def __init__(self) -> None:
        super().__init__("This is not a position of a live inbox.", field="last_id")


@dataclass(frozen=True)
class Position:
    """What a stream has sent.

    Args:
        read_at: when the inbox was last read completely.
        sent: the hashes of what was sent, if it became visible after `read_at - WINDOW`; None if
            there are too many.
    """

    read_at: datetime
    sent: frozenset[str] | None

    @classmethod
    def of(cls, read_at: datetime, sent: Iterable[str]) -> Self:
        hashes = frozenset(sent)
        return cls(read_at, hashes if len(hashes) <= MAX_LISTED else None)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the position of a text that `str` made.

        Raises:
            UnknownPosition: the text is something else.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise UnknownPosition
        try:
            read_at = EPOCH + int(found["read_at"], 16) * _MILLISECOND
        except OverflowError:
            raise UnknownPosition from None
        listed = found["sent"][1:]
        return cls(read_at, None if listed == _MANY else frozenset(filter(None, listed.split("."))))

    def __str__(self) -> str:
        milliseconds = (self.read_at - EPOCH) // _MILLISECOND
        listed = [_MANY] if self.sent is None else sorted(self.sent)
        return ".".join((f"{milliseconds:012x}", *listed))

    @property
    def since(self) -> datetime:
        """The time from which on notifications may be missing."""
        return self.read_at - WINDOW


def hash_of(entry_id: str) -> str:
    """Return the text by which a position lists a notification."""
    hashed = hashlib.blake2b(entry_id.encode(), digest_size=_HASH_BYTES).digest()
    return base64.urlsafe_b64encode(hashed).decode()
