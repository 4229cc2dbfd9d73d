"""The live inbox: what a person's stream shows from a position on.

`infra/live` serves the streams. A signal tells it which entry changed (`delivery.inbox_signals`),
and `entries` reads that entry. Signals may get lost, so it also asks `recent_ids` at intervals.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tidings.delivery.models import Notification
from tidings.notifications.positions import WINDOW, Position, UnknownPosition, hash_of
from tidings.notifications.queries import stored_in_inboxes
from tidings.notifications.schemas import NotificationView
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.rows import rows
from tidings.platform.timing.clock import first_id, now

# A stream continues from an older position, or after more notifications, only by loading the inbox.
RESUMED_FOR: Final = timedelta(hours=1)
MAX_MISSED: Final = 500
# Without it, the database may read all entries of all these people.
RELEASED: Final = [("shown_at", 1)]


class Entry(NamedTuple):
    """A notification in an inbox or its archive."""

    view: NotificationView
    # When the inbox got it, if that was later than its id tells.
    shown_at: datetime | None


@dataclass(frozen=True)
class FollowedInbox:
    """The beginning of a stream.

    Args:
        read_at: when the inbox was read.
        visible: the ids of what may have become visible since `read_at - WINDOW`.
        missed: what the client has not got, oldest first.
        is_complete: False if the client must load the inbox, because it missed too much.
    """

    read_at: datetime
    visible: frozenset[str]
    missed: tuple[NotificationView, ...]
    is_complete: bool


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN,
    refuses=(UnknownPosition,),
    writes=False,
    note="a stream of events, see docs/live.md",
)
def follow_inbox(
    last_id: str | None, *, caller: Principal, at: datetime | None = None
) -> FollowedInbox:
    """Return what the caller's inbox got since a position, for the beginning of a stream.

    Without a position, it begins now.

    Raises:
        UnknownPosition: the position is malformed.
    """
    moment = at or now()
    position = Position.read(last_id) if last_id else None
    since = moment - WINDOW
    if position is None or position.sent is None or position.read_at < moment - RESUMED_FOR:
        found = recent_ids([caller.user_id], since).get(caller.user_id, {})
        return _begun(moment, found, is_complete=position is None)
    found = recent_ids([caller.user_id], min(position.since, since)).get(caller.user_id, {})
    visible = [each for each, shown_at in found.items() if is_since(each, shown_at, since)]
    missed = sorted(each for each in found if hash_of(each) not in position.sent)
    if len(missed) > MAX_MISSED:
        return _begun(moment, visible, is_complete=False)
    views = [each.view for each in entries(missed)]
    return _begun(moment, visible, [each for each in views if each.archived_at is None])


def _begun(
    read_at: datetime,
    visible: Iterable[str],
    missed: Iterable[NotificationView] = (),
    *,
    is_complete: bool = True,
) -> FollowedInbox:
    return FollowedInbox(
        read_at=read_at,
        visible=frozenset(visible),
        missed=tuple(missed),
        is_complete=is_complete,
    )


def recent_ids(user_ids: Collection[str], since: datetime) -> dict[str, dict[str, datetime | None]]:
    """Return what may have become visible in these people's inboxes since a time.

    These are the notifications with an id from this time on, and those that were released since
    then: their ids may be older.

    Returns:
        By person and by id, when a notification was released; None if it never waited.
    """
    people, found = list(user_ids), dict[str, dict[str, datetime | None]]()
    # One by one: a list of people and a range of ids together read all entries of each person.
    fresh = (stored_in_inboxes([each]).filter(pk__gte=first_id(since)) for each in people)
    released = stored_in_inboxes(people).filter(shown_at__gte=since).hint(RELEASED)
    for query in (*fresh, released):
        for entry_id, user_id, shown_at in query.scalar("pk", "user_id", "shown_at"):
            found.setdefault(user_id, {})[entry_id] = shown_at
    return found


def entries(ids: Collection[str]) -> list[Entry]:
    """Return these notifications in the order of their ids, if they are in an inbox or archive."""
    if not ids:
        return []
    found: Any = Notification.objects(pk__in=list(ids), in_inbox__ne=False)
    shown = found.only("shown_at", *NotificationView.model_fields).batch_size(len(ids) + 1)
    made = [Entry(NotificationView.model_validate(each), each.shown_at) for each in rows(shown)]
    return sorted(made, key=lambda each: each.view.id)


def is_since(entry_id: str, shown_at: datetime | None, moment: datetime) -> bool:
    """Say whether an entry may have become visible since a time."""
    return entry_id >= first_id(moment) or (shown_at is not None and shown_at >= moment)
