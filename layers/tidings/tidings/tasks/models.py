"""Documents of the tasks' database."""

from enum import StrEnum
from typing import Final

from mongoengine import DateTimeField, Document, IntField, ListField, StringField

from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument
from tidings.platform.times import LATEST


class TaskState(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


# States in which somebody still has something to do, and is reminded of it.
PENDING_STATES: Final = frozenset({TaskState.OPEN, TaskState.IN_PROGRESS})


class TaskPriority(StrEnum):
    """From least to most."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        return list(TaskPriority).index(self)


# Stands for "no due date", so that such tasks come last when sorted by it.
NEVER: Final = LATEST


class Task(OutboxDocument):
    """A task. One that was deleted stays as an empty tombstone with `deleted_at`."""

    id = StringField(primary_key=True, default=new_id)
    owner_id = StringField(required=True)
    assignee_id = StringField()
    title = StringField(required=True)
    description = StringField(default="")
    state = StringField(required=True, choices=[state.value for state in TaskState])
    priority_rank = IntField(required=True)
    due_at = DateTimeField(required=True, default=NEVER)
    labels = ListField(StringField())
    version = IntField(required=True, default=1)
    created_at = DateTimeField(required=True, default=now)
    updated_at = DateTimeField(required=True, default=now)
    deleted_at = DateTimeField()
    # The due date that nobody was reminded of yet; only while there is something to do.
    remind_at = DateTimeField()
    # Row of an upload with an Idempotency-Key; makes sure that it becomes one task.
    upload_key = StringField()

    meta = {  # noqa: RUF012
        "db_alias": "tasks",
        "collection": "tasks",
        "indexes": [
            ("owner_id", "-id"),
            ("assignee_id", "-id"),
            ("due_at", "-id"),
            {"fields": ["remind_at"], "sparse": True},
            {"fields": ["upload_key"], "sparse": True, "unique": True},
        ],
    }


class Upload(Document):
    """What an Idempotency-Key was used for; its id stands for the owner and the key."""

    id = StringField(primary_key=True)
    content_digest = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)

    meta = {"db_alias": "tasks", "collection": "uploads"}  # noqa: RUF012
