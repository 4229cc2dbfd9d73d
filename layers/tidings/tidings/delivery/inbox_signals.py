"""Signal changes of inboxes to the servers of the live inbox, after they are stored."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tidings.platform.caching import signals

CHANNEL: Final = "inbox"
# Instead of the entry's id, if many entries of one person changed.
MANY: Final = "*"


class Changed(NamedTuple):
    """A change of a person's inbox: of one entry, or of `MANY`."""

    user_id: str
    entry_id: str


def announce(changes: Iterable[Changed]) -> None:
    """Signal stored changes, in one command. A signal may get lost (`notifications.live`)."""
    if text := " ".join(f"{each.user_id}:{each.entry_id}" for each in changes):
        signals.send(CHANNEL, text)


def changes_in(text: str) -> Iterator[Changed]:
    """Return the changes that a signal names."""
    for each in text.split():
        user_id, found, entry_id = each.partition(":")
        if found:
            yield Changed(user_id, entry_id)
