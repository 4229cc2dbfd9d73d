"""Typed input and output of the tasks' operations."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from tidings.platform.pagination import PageRequest
from tidings.platform.times import Time
from tidings.tasks.models import TaskPriority, TaskState

MAX_LABELS: Final = 10
MAX_VERSION: Final = 2**31 - 1

# One line with something to read in it, and text without control characters.
LINE: Final = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"
TEXT: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def _each_once(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))


Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=LINE)]
Description = Annotated[str, StringConstraints(max_length=5_000, pattern=TEXT)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=LINE)]
Labels = Annotated[tuple[Label, ...], Field(max_length=MAX_LABELS), AfterValidator(_each_once)]
# No control characters: MongoDB takes no NUL in a pattern.
SearchText = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
]
UserId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def left_as_it_is() -> Any:
    """Return the default of a field that may be left out but not be null."""
    return Field(default=None, json_schema_extra=_without_default)


class TaskSort(StrEnum):
    NEWEST = "newest"
    DUE_AT = "due_at"
    PRIORITY = "priority"


class CreateTask(BaseModel):
    """A new task; its owner is who creates it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title
    description: Description = ""
    state: TaskState = TaskState.OPEN
    priority: TaskPriority = TaskPriority.NORMAL
    due_at: Time | None = None
    assignee_id: UserId | None = None
    labels: Labels = ()


class UpdateTask(BaseModel):
    """What is to change: fields that are left out stay. `version` is the one that was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
    title: Title = left_as_it_is()
    description: Description = left_as_it_is()
    state: TaskState = left_as_it_is()
    priority: TaskPriority = left_as_it_is()
    due_at: Time | None = None
    assignee_id: UserId | None = None
    labels: Labels = left_as_it_is()


class TaskFilter(BaseModel):
    """Which tasks are wanted; all that is named must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: TaskState | None = None
    priority: TaskPriority | None = None
    assignee_id: UserId | None = None
    label: Label | None = None
    due_before: Time | None = None
    due_after: Time | None = None
    text: SearchText | None = Field(default=None, description="part of the title, in any case")


class GetTasks(PageRequest, TaskFilter):
    """A page of tasks."""

    sort: TaskSort = TaskSort.NEWEST


class TaskView(BaseModel):
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
    version: int = Field(description="an update names the version that it changes")
    created_at: datetime
    updated_at: datetime


class TaskDeletion(BaseModel):
    """What is left of a deleted task."""

    id: str
    deleted_at: datetime


class UploadHeaders(BaseModel):
    """The headers of an upload."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")] | None = (
        Field(
            None,
            alias="Idempotency-Key",
            description="the same file sent again with the same key creates nothing twice",
        )
    )


class RowRefusal(BaseModel):
    """Why a row was not taken."""

    row: int = Field(description="counted from 1; in CSV the header is row 1")
    column: str | None
    reason: str


class UploadReport(BaseModel):
    """What became of an uploaded file."""

    created: int = Field(
        description="how many tasks this file made, now or when it was sent before"
    )
    ids: list[str] = Field(description="of the created tasks, in the order of rows")
    refused: int = Field(description="how many rows were not taken")
    refusals: list[RowRefusal] = Field(description="why; each row is named")
    refusals_omitted: int = Field(description="how many more problems these rows have")
