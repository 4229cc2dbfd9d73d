"""Many tasks from one file: what is good is created, what is not is named, row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Final

from mongoengine import NotUniqueError
from pydantic import ValidationError

from tidings.platform import outbox
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.tasks.assignees import check_assignee, known_assignees
from tidings.tasks.errors import TooManyRows, UploadKeyReused
from tidings.tasks.models import Task, Upload
from tidings.tasks.operations import created, new_task
from tidings.tasks.rows import BrokenRow, Row, TaskFile, read_rows
from tidings.tasks.schemas import CreateTask, RowRefusal, UploadReport

MAX_ROWS: Final = 20_000
ROWS_PER_INSERT: Final = 500
MAX_IDS: Final = 1_000
MAX_REFUSALS: Final = 100


@dataclass
class _Tally:
    """The report while it grows."""

    created: int = 0
    ids: list[str] = field(default_factory=list)
    refused: int = 0
    refusals: list[RowRefusal] = field(default_factory=list)
    problems: int = 0

    def note_created(self, ids: Sequence[str]) -> None:
        self.created += len(ids)
        self.ids.extend(ids[: MAX_IDS - len(self.ids)])

    def refuse(self, row: int, *problems: tuple[str | None, str]) -> None:
        self.refused += 1
        self.problems += len(problems)
        room = MAX_REFUSALS - len(self.refusals)
        self.refusals.extend(
            RowRefusal(row=row, column=column, reason=reason) for column, reason in problems[:room]
        )

    def report(self) -> UploadReport:
        return UploadReport(
            created=self.created,
            ids=self.ids,
            refused=self.refused,
            refusals=sorted(self.refusals, key=lambda each: each.row),
            refusals_omitted=self.problems - len(self.refusals),
        )


def upload_tasks(
    file: TaskFile,
    *,
    caller: Principal,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> UploadReport:
    """Create a task of each good row; the caller owns them. Broken rows are reported.

    The same file with the same key creates nothing twice and has the same answer; one that
    broke off is completed. Without a key each upload creates its rows.

    Raises:
        BadTaskFile: the file is empty, or its header is wrong; nothing was created.
        TooManyRows: it has more than `MAX_ROWS`; nothing was created.
        UploadKeyReused: the key stands for another file; nothing was created.
    """
    rows = list(islice(read_rows(file), MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise TooManyRows(MAX_ROWS)
    upload_id = _remember(file, idempotency_key, caller) if idempotency_key else None
    tally = _Tally()
    for some in _chunks(rows):
        _create(some, tally, caller, upload_id, at or now())
    logger.info("tasks uploaded", created=tally.created, refused=tally.refused)
    return tally.report()


def _remember(file: TaskFile, key: str, caller: Principal) -> str:
    """Return the id of the upload that this key of the caller stands for."""
    upload_id = sha256(f"{caller.user_id}:{key}".encode()).hexdigest()[:32]
    digest = sha256(f"{file.media_type}\n{file.content}".encode()).hexdigest()
    try:
        Upload(id=upload_id, content_digest=digest).save(force_insert=True)
    except NotUniqueError:
        if Upload.objects(pk=upload_id, content_digest=digest).first() is None:
            raise UploadKeyReused from None
    return upload_id


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_PER_INSERT):
        yield rows[start : start + ROWS_PER_INSERT]


def _create(
    rows: Sequence[Row], tally: _Tally, caller: Principal, upload_id: str | None, at: datetime
) -> None:
    tasks = []
    for number, new in _allowed(_valid(rows, tally), tally, caller):
        key = f"{upload_id}:{number}" if upload_id else None
        task = new_task(new, caller=caller, at=at, upload_key=key)
        tasks.append((task, created(task, caller)))
    if not tasks:
        return
    repeated = {task.upload_key: task for task in outbox.insert_many(Task, tasks)}
    stored = Task.objects(upload_key__in=list(repeated)).scalar("upload_key", "pk")
    known_ids = dict(stored) if repeated else {}
    tally.note_created([known_ids.get(task.upload_key, task.id) for task, _ in tasks])


def _valid(rows: Sequence[Row], tally: _Tally) -> list[tuple[int, CreateTask]]:
    valid = []
    for number, values in rows:
        if isinstance(values, BrokenRow):
            tally.refuse(number, (values.column, values.reason))
            continue
        try:
            valid.append((number, CreateTask.model_validate(values)))
        except ValidationError as error:
            tally.refuse(number, *_problems(error))
    return valid


def _problems(error: ValidationError) -> list[tuple[str | None, str]]:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return [(str(each["loc"][0]), each["msg"]) for each in details]


def _allowed(
    valid: Sequence[tuple[int, CreateTask]], tally: _Tally, caller: Principal
) -> Iterator[tuple[int, CreateTask]]:
    known = known_assignees((new.assignee_id for _, new in valid), caller=caller)
    for number, new in valid:
        try:
            check_assignee(new.assignee_id, caller=caller, known=known)
        except TidingsError as refusal:
            tally.refuse(number, (refusal.field, refusal.message))
        else:
            yield number, new
