"""All open streams of this server, by person and by session."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from tidings.delivery.inbox_signals import MANY, Changed
from tidings.notifications.live import Entry
from tidings.platform.errors import Unavailable
from tidings.platform.security.auth import Principal
from tidings.platform.security.ended_sessions import account_name
from tidings_live.events import Closing, Reloading
from tidings_live.stream import Stream


class ServerFull(Unavailable):
    def __init__(self) -> None:
        super().__init__("Too many streams are open on this server. Try again soon.")


class Hub:
    """Takes the streams of new connections, and gives them what changed."""

    def __init__(self, *, streams: int, streams_per_person: int) -> None:
        self._streams: Final = streams
        self._streams_per_person: Final = streams_per_person
        # The oldest first.
        self._by_person: dict[str, list[Stream]] = {}
        self._by_name: defaultdict[str, set[Stream]] = defaultdict(set)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, stream: Stream) -> None:
        """Add a stream; close the oldest one of the same person if there are too many.

        Raises:
            ServerFull: this server has too many streams.
        """
        if self._count >= self._streams:
            raise ServerFull
        own = self._by_person.setdefault(stream.caller.user_id, [])
        own.append(stream)
        for name in _names(stream.caller):
            self._by_name[name].add(stream)
        self._count += 1
        open_ones = [each for each in own if each.closing is None]
        for each in open_ones[: -self._streams_per_person]:
            each.end(Closing.TOO_MANY_STREAMS)

    def remove(self, stream: Stream) -> None:
        """Forget a stream whose connection ended."""
        own = self._by_person.get(stream.caller.user_id, [])
        if stream not in own:
            return
        own.remove(stream)
        if not own:
            del self._by_person[stream.caller.user_id]
        for name in _names(stream.caller):
            self._by_name[name].discard(stream)
            if not self._by_name[name]:
                del self._by_name[name]
        self._count -= 1

    # --------------------------------------------------------------------- inbox entries

    def wants(self, change: Changed) -> bool:
        """Say whether an entry has to be read; tell streams of changes that need no reading."""
        own = self._by_person.get(change.user_id)
        if not own:
            return False
        if change.entry_id == MANY:
            for each in own:
                each.reload(Reloading.MANY_CHANGES)
            return False
        return True

    def give(self, found: Iterable[Entry], asked: Mapping[str, str]) -> None:
        """Give entries to their persons' streams.

        Args:
            found: the entries as they are stored.
            asked: the persons by the ids that were looked for; what was not found is removed.
        """
        missing = dict(asked)
        for entry in found:
            missing.pop(entry.view.id, None)
            for each in self._by_person.get(entry.view.user_id, ()):
                each.offer(entry)
        for entry_id, user_id in missing.items():
            for each in self._by_person.get(user_id, ()):
                each.remove(entry_id)

    def people(self) -> list[str]:
        """Return the persons with an open stream."""
        return list(self._by_person)

    def oldest_since(self, people: Collection[str]) -> datetime | None:
        """Return the earliest time from which on a stream of these people may lack entries."""
        times = [each.since for each in self._open_ones(people)]
        return min(times, default=None)

    def lacking(self, found: Mapping[str, Mapping[str, datetime | None]]) -> list[str]:
        """Return the entries that a stream lacks, of those that became visible recently.

        Args:
            found: by person and id, when the entry was released, if it waited.
        """
        return [
            entry_id
            for user_id, entries in found.items()
            for entry_id, shown_at in entries.items()
            if any(each.lacks(entry_id, shown_at) for each in self._open_ones([user_id]))
        ]

    def give_new(self, found: Iterable[Entry]) -> None:
        """Give entries to those streams that lack them."""
        for entry in found:
            for each in self._open_ones([entry.view.user_id]):
                each.offer_new(entry)

    def read_completely(self, people: Iterable[str], read_at: datetime) -> None:
        """Record that these people's inboxes were read completely at a time."""
        for each in self._open_ones(people):
            each.read_completely(read_at)

    def _open_ones(self, people: Iterable[str]) -> list[Stream]:
        return [
            each
            for user_id in people
            for each in self._by_person.get(user_id, ())
            if each.is_open and each.closing is None
        ]

    # -------------------------------------------------------------------------- sessions

    def callers(self, name: str | None = None) -> list[Principal]:
        """Return the callers of all streams, or of those that a signal names."""
        if name is not None:
            return [each.caller for each in self._by_name.get(name, ())]
        return [each.caller for own in self._by_person.values() for each in own]

    def end_sessions(self, ended: Iterable[Principal]) -> None:
        """Close the streams of these callers' sessions."""
        for caller in ended:
            for each in self._by_person.get(caller.user_id, ()):
                if each.caller == caller:
                    each.end(Closing.SESSION_ENDED)


def _names(caller: Principal) -> tuple[str, str]:
    """Return the names by which signals call a caller's session and account."""
    return caller.session_id or "", account_name(caller.user_id)
