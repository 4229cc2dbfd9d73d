"""Input and output models of task operations."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from tidings.platform.inputs.idempotency import IdempotencyKey
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.inputs.partial import left_as_it_is
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.visible_text import VisibleLine
from tidings.platform.timing.times import Time
from tidings.tasks.models import TaskPriority, TaskState

MAX_LABELS: Final = 10
MAX_VERSION: Final = 2**31 - 1

# No control characters.
TEXT: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def _each_once(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))


Title = Annotated[str, VisibleLine(max_length=200)]
Description = Annotated[str, StringConstraints(max_length=5_000, pattern=TEXT)]
Label = Annotated[str, VisibleLine(max_length=40)]
Labels = Annotated[tuple[Label, ...], Field(max_length=MAX_LABELS), AfterValidator(_each_once)]
# MongoDB accepts no NUL in a pattern.
SearchText = Annotated[str, VisibleLine(max_length=100)]


class TaskSort(StrEnum):
    NEWEST = "newest"
    DUE_AT = "due_at"
    PRIORITY = "priority"


class CreateTask(Schema):
    """A new task; the caller becomes its owner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title
    description: Description = ""
    state: TaskState = TaskState.OPEN
    priority: TaskPriority = TaskPriority.NORMAL
    due_at: Time | None = None
    assignee_id: DocumentId | None = None
    labels: Labels = ()


class UpdateTask(Schema):
    """The fields to change; other fields do not change. `version` is the version that was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
    title: Title = left_as_it_is()
    description: Description = left_as_it_is()
    state: TaskState = left_as_it_is()
    priority: TaskPriority = left_as_it_is()
    due_at: Time | None = None
    assignee_id: DocumentId | None = None
    labels: Labels = left_as_it_is()


class TaskFilter(Schema):
    """A filter for tasks; all conditions must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: TaskState | None = None
    priority: TaskPriority | None = None
    assignee_id: DocumentId | None = None
    label: Label | None = None
    due_before: Time | None = None
    due_after: Time | None = None
    text: SearchText | None = Field(default=None, description="part of the title, in any case")


class GetTasks(PageRequest, TaskFilter):
    """A filter for tasks, and the requested part of the list."""

    sort: TaskSort = TaskSort.NEWEST


class TaskView(Schema):
    """A task as its owner, its assignee and operators see it."""

    id: str
    title: str
    description: str
    state: TaskState
    priority: TaskPriority
    due_at: datetime | None
    assignee_id: str | None
    labels: list[str]
    owner_id: str
    version: int = Field(description="an update must contain the version that it changes")
    created_at: datetime
    updated_at: datetime


class TaskDeletion(Schema):
    """A deleted task."""

    id: str
    deleted_at: datetime


class UploadHeaders(Schema):
    """The headers of an upload."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: IdempotencyKey | None = Field(
        None,
        alias="Idempotency-Key",
        description="the same file with the same key creates no task twice",
    )


class RowRefusal(Schema):
    """Why a row was refused."""

    row: int = Field(description="as a spreadsheet counts: the header is row 1")
    line: int = Field(description="the line of the file where the row begins, from 1")
    column: str | None
    reason: str


class UploadReport(Schema):
    """The result of an upload."""

    created: int = Field(
        description="number of tasks created from this file, now or by an earlier upload"
    )
    ids: list[str] = Field(description="ids of the created tasks, in the order of rows")
    refused: int = Field(description="number of refused rows")
    refusals: list[RowRefusal] = Field(description="the reasons, at least one for each row")
    refusals_omitted: int = Field(description="number of further problems of these rows")
