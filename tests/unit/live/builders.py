"""Streams, entries and their events for the tests of the live inbox."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tidings.notifications.live import Entry, FollowedInbox
from tidings.notifications.schemas import NotificationView
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import first_id, now
from tidings_live.stream import Stream

HOUR = timedelta(hours=1)


def person(user_id: str = "ada", session: str = "s1") -> Principal:
    return Principal(user_id=user_id, role=Role.CUSTOMER, session_id=session, security_version=1)


def entry_id(at: datetime | None = None, number: int = 0) -> str:
    """Return an id as it is made at a time."""
    return f"{first_id(at or now())[:12]}{number:012x}"


def entry(id: str, *, shown_at: datetime | None = None, **values: Any) -> Entry:
    moment = now()
    view = NotificationView(
        **{
            "id": id,
            "user_id": "ada",
            "kind": "order.confirmed",
            "category": "orders",
            "title": "Confirmed",
            "body": "Your order\nis confirmed.",
            "subject_id": "order-1",
            "correlation_id": None,
            "created_at": moment,
            "read_at": None,
            "archived_at": None,
        }
        | values
    )
    return Entry(view, shown_at)


def followed(
    *missed: Entry, visible: frozenset[str] = frozenset(), is_complete: bool = True
) -> FollowedInbox:
    return FollowedInbox(
        read_at=now(),
        visible=visible | {each.view.id for each in missed},
        missed=tuple(each.view for each in missed),
        is_complete=is_complete,
    )


@dataclass
class Told:
    """An event as a client of Server-Sent Events reads it."""

    event: str = ""
    data: str = ""
    id: str | None = None
    comments: list[str] = field(default_factory=list)
    retry: int | None = None

    @property
    def content(self) -> Any:
        return json.loads(self.data)


def told(block: bytes) -> Told:
    """Parse one event by the rules of the standard."""
    assert block.endswith(b"\n\n")
    read, lines = Told(), block.decode().removesuffix("\n\n").split("\n")
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                read.comments.append(value)
            case "data":
                read.data += f"\n{value}" if read.data else value
            case "retry":
                read.retry = int(value)
            case "id":
                read.id = value
            case "event":
                read.event = value
            case _:
                raise AssertionError(f"not a field: {line}")
    return read


def opened(*missed: Entry, **more: Any) -> Stream:
    """Return a stream whose beginning was read."""
    stream = unopened(**more)
    stream.begin(followed(*missed), lambda: b"event: ready\ndata: {}\n\n")
    return stream


def unopened(user_id: str = "ada", session: str = "s1") -> Stream:
    return Stream(person(user_id, session), datetime.now(UTC) + HOUR, lambda _: None)


def waiting(stream: Stream) -> list[Told]:
    """Take what waits in a stream, without its beginning."""
    taken = []
    while block := stream._take():
        taken.append(told(block))
    return [each for each in taken if each.event != "ready"]
