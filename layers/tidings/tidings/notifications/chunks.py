"""Notify many people chunk by chunk, each person once: campaigns, and followers of a product.

A document has the cursor: all people up to it, in order of their ids, are done. Each chunk is one
command. It stores the notifications of its people. Then one write moves the cursor and stores the
command for the next chunk. If a message is repeated or a process dies, no person gets two
notifications (each has a unique `dedupe_key`), no person is skipped, and the cursor moves once.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from mongoengine import QuerySet

from tidings.notifications.creating import create_notifications
from tidings.notifications.drafting import NotificationContent
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Command
from tidings.platform.messaging.outbox import OutboxDocument


class Chunk(Protocol):
    """Some people; `last_id` is the next cursor, or None if this is the last chunk."""

    @property
    def user_ids(self) -> list[str]: ...
    @property
    def last_id(self) -> str | None: ...


def notify_chunk(
    chunk: Chunk,
    content: NotificationContent,
    here: "QuerySet[OutboxDocument]",
    *,
    cursor: str,
    next_command: Callable[[str], Command],
    at_the_end: Mapping[str, Any],
    at: datetime | None = None,
    **always: Any,
) -> bool:
    """Notify the people of a chunk, and move the cursor.

    Args:
        here: finds the document only while its cursor is at this chunk.
        cursor: the field of the cursor, such as `run__cursor`.
        next_command: makes the command for the chunk after a person.
        at_the_end: the change of the document after the last chunk.
        always: the change of the document after every chunk.

    Returns:
        False if the document does not wait for this chunk any more.

    Raises:
        TidingsError: rendering failed for every person of the chunk.
    """
    notify_part(chunk.user_ids, content, at=at)
    return move_on(
        chunk, here, cursor=cursor, next_command=next_command, at_the_end=at_the_end, **always
    )


def notify_part(
    user_ids: Sequence[str], content: NotificationContent, *, at: datetime | None = None
) -> None:
    """Notify people of a chunk without moving the cursor; see `notify_chunk`."""
    if user_ids:
        create_notifications(user_ids, content, at=at, one_of_many=True)


def move_on(
    chunk: Chunk,
    here: "QuerySet[OutboxDocument]",
    *,
    cursor: str,
    next_command: Callable[[str], Command],
    at_the_end: Mapping[str, Any],
    **always: Any,
) -> bool:
    """Move the cursor behind a chunk whose people are notified; see `notify_chunk`."""
    if chunk.last_id is None:
        return outbox.change(here, **always, **at_the_end) is not None
    moved = {f"set__{cursor}": chunk.last_id}
    return outbox.change(here, next_command(chunk.last_id), **moved, **always) is not None
