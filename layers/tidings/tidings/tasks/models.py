"""Documents of the tasks database."""

from enum import StrEnum
from typing import Final

from mongoengine import DateTimeField, IntField, ListField, StringField

from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument
from tidings.platform.timing.clock import new_id, now
from tidings.platform.timing.times import LATEST


class TaskState(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


# In these states the task is not finished, and reminders are sent.
PENDING_STATES: Final = frozenset({TaskState.OPEN, TaskState.IN_PROGRESS})


class TaskPriority(StrEnum):
    """From lowest to highest."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        return list(TaskPriority).index(self)


# Means "no due date"; tasks with it come last when sorted by due date.
NEVER: Final = LATEST


class Task(OutboxDocument):
    """A task. A deleted task stays as an empty tombstone with `deleted_at`."""

    id = StringField(primary_key=True, default=new_id)
    owner_id = StringField(required=True)
    assignee_id = StringField()
    title = StringField(required=True)
    # The title in search form; tasks of earlier versions have none.
    title_key = StringField()
    description = StringField(default="")
    state = StringField(required=True, choices=[state.value for state in TaskState])
    priority_rank = IntField(required=True)
    due_at = DateTimeField(required=True, default=NEVER)
    labels = ListField(StringField())
    version = IntField(required=True, default=1)
    created_at = DateTimeField(required=True, default=now)
    updated_at = DateTimeField(required=True, default=now)
    deleted_at = DateTimeField()
    # The due date of the next reminder; set only while the task is pending.
    remind_at = DateTimeField()
    # The row of an upload with an Idempotency-Key; the unique index ensures that it becomes one
    # task.
    upload_key = StringField()

    meta = {  # noqa: RUF012
        "db_alias": "tasks",
        "collection": "tasks",
        "indexes": [
            ("owner_id", "-id"),
            ("assignee_id", "-id"),
            ("due_at", "-id"),
            ("-priority_rank", "-id"),
            {"fields": ["remind_at"], "sparse": True},
            {"fields": ["upload_key"], "sparse": True, "unique": True},
            {**retention.DELETED_TASKS.index(), "sparse": True},
        ],
    }


class Upload(StoredDocument):
    """The content of an Idempotency-Key; the document's id is a hash of the owner and the key."""

    id = StringField(primary_key=True)
    content_digest = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "tasks",
        "collection": "uploads",
        "indexes": ["created_at"],
    }
