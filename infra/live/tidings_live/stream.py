"""One client's stream: what it was sent, and what waits to be sent.

It knows no HTTP: the hub offers changes, the connection takes bytes. All its methods run on the
thread of the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from tidings.notifications.live import Entry, FollowedInbox, is_since
from tidings.notifications.positions import WINDOW, Position, hash_of
from tidings.notifications.schemas import NotificationView
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import now
from tidings_live.events import Closing, Reloading, event, heartbeat

# What waits for a client. More disconnects it; it gets the rest when it connects again.
MAX_WAITING: Final = 600
# Ids are made by the clocks of other machines.
CLOCKS_DIFFER_BY: Final = timedelta(seconds=60)

# Makes the bytes of an event at the moment when it is sent, and records that in the position.
Item = Callable[[], bytes]
# Gives a stream a change.
Change = Callable[[], None]
# Takes the seconds from a notification's entry into the inbox to its event.
Delayed = Callable[[float], None]


class Stream:
    """One open connection of a person."""

    def __init__(self, caller: Principal, expires_at: datetime, delayed: Delayed) -> None:
        self.caller = caller
        self.expires_at = expires_at
        self._delayed = delayed
        self.closing: Closing | None = None
        self._read_at: datetime | None = None
        # The hashes of what was sent, each with the time of sending, the oldest first.
        self._sent: dict[str, datetime] = {}
        # The hashes of what waits.
        self._taken: set[str] = set()
        self._waiting: deque[Item] = deque()
        # The changes that came while the inbox is read for the first time, in their order.
        self._held: list[Change] = []
        self._news = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether its beginning was read."""
        return self._read_at is not None

    @property
    def read_at(self) -> datetime | None:
        """When the inbox was last read completely."""
        return self._read_at

    @property
    def position(self) -> str:
        """The client's position after what it was sent."""
        assert self._read_at is not None
        return str(Position.of(self._read_at, self._sent))

    # --------------------------------------------------------------------- the hub offers

    def begin(self, followed: FollowedInbox, ready: Item) -> None:
        """Open the stream with what the client missed."""
        self._read_at = followed.read_at
        for each in followed.visible - {view.id for view in followed.missed}:
            self._sent[hash_of(each)] = now()
        self._put(ready)
        if not followed.is_complete:
            self.reload(Reloading.MISSED_TOO_MUCH)
        for view in followed.missed:
            self._notify(view)
        held, self._held = self._held, []
        for change in held:  # what was read may be older
            change()

    def offer(self, entry: Entry) -> None:
        """Send an entry that was stored or changed."""
        if not self.is_open:
            self._held.append(partial(self.offer, entry))
        elif not self.offer_new(entry):
            self._put(lambda: event("changed", entry.view.model_dump_json()))

    def offer_new(self, entry: Entry) -> bool:
        """Send an entry if the client lacks it; return whether it did."""
        if not self.lacks(entry.view.id, entry.shown_at):
            return False
        if entry.view.archived_at is None:
            self._notify(entry.view, entry.shown_at or entry.view.created_at)
        else:  # on another device, before it was sent here
            self._sent[hash_of(entry.view.id)] = now()
        return True

    def remove(self, entry_id: str) -> None:
        """Tell that an entry is in the inbox no more."""
        if not self.is_open:
            self._held.append(partial(self.remove, entry_id))
        else:
            self._put(lambda: event("removed", {"id": entry_id}))

    def reload(self, reason: Reloading) -> None:
        """Tell the client to load the inbox."""
        if not self.is_open:
            self._held.append(partial(self.reload, reason))
        else:
            self._put(lambda: event("reload", {"reason": reason.value}))

    def lacks(self, entry_id: str, shown_at: datetime | None) -> bool:
        """Say whether an entry is recent, was not sent, and does not wait either."""
        hashed = hash_of(entry_id)
        if hashed in self._sent or hashed in self._taken:
            return False
        return is_since(entry_id, shown_at, self.since)

    @property
    def since(self) -> datetime:
        """The time from which on entries may be missing."""
        return self._begun - WINDOW

    def read_completely(self, read_at: datetime) -> None:
        """Record, after what waits now, that the inbox was read completely at a time."""

        def advance() -> bytes:
            self._read_at = max(self._begun, read_at)
            self._forget_old()
            return b""

        self._put(advance)

    def end(self, closing: Closing) -> None:
        """Let the connection say why it ends, and end."""
        if self.closing is None:
            self.closing = closing
            self._waiting.clear()
            self._news.set()

    # ----------------------------------------------------------------- the connection takes

    async def next(self, heartbeat_seconds: float) -> bytes:
        """Wait for the next bytes; after a while without an event they are a heartbeat.

        Returns:
            Nothing if the server ends the stream: then `farewell` follows.
        """
        # Complete reads end the wait, too, and send nothing: they do not postpone the heartbeat.
        deadline = asyncio.get_running_loop().time() + heartbeat_seconds
        while self.closing is None:
            if taken := self._take():
                return taken
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                return heartbeat(self.position)
        return b""

    def farewell(self) -> bytes:
        """Return the event that says why the server ends the stream."""
        assert self.closing is not None
        return event("closed", {"reason": self.closing.value})

    def _take(self) -> bytes:
        """Return the next event, without waiting; nothing if there is none."""
        while self._waiting:
            if made := self._waiting.popleft()():
                return made
        return b""

    # ------------------------------------------------------------------------------ inside

    @property
    def _begun(self) -> datetime:
        assert self._read_at is not None, "the stream is not open"
        return self._read_at

    def _notify(self, view: NotificationView, visible_at: datetime | None = None) -> None:
        """Send a notification; without a time it is one that the client missed."""
        hashed = hash_of(view.id)
        self._taken.add(hashed)

        def notification() -> bytes:
            self._taken.discard(hashed)
            sent_at = self._sent[hashed] = now()
            if visible_at is not None:
                self._delayed(max(0.0, (sent_at - visible_at).total_seconds()))
            return event("notification", view.model_dump_json(), last_id=self.position)

        self._put(notification)

    def _put(self, item: Item) -> None:
        if self.closing is not None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.end(Closing.TOO_SLOW)
            return
        self._waiting.append(item)
        self._news.set()

    def _forget_old(self) -> None:
        """Forget what no read finds any more."""
        oldest = self._begun - WINDOW - CLOCKS_DIFFER_BY
        for hashed, sent_at in list(self._sent.items()):
            if sent_at >= oldest:
                break
            del self._sent[hashed]
