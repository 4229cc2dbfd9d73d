"""Many tasks from one file: what is good is created, what is not is named, row by row."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Final, NamedTuple

from mongoengine import NotUniqueError, QuerySet
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
from tidings.tasks.schemas import CreateTask, UploadReport
from tidings.tasks.tally import Problem, Tally

MAX_ROWS: Final = 20_000
ROWS_PER_INSERT: Final = 500

GoodRow = tuple[int, CreateTask]


class _Key(NamedTuple):
    """What an Idempotency-Key stands for, and the tasks that it made before."""

    upload_id: str
    made: dict[str, str]

    def of_row(self, number: int) -> str:
        return f"{self.upload_id}:{number}"


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
    key = _remember(file, idempotency_key, caller) if idempotency_key else None
    tally, created_at = Tally(), at or now()
    for some in _chunks(rows):
        good = list(_allowed(_valid(some, tally), tally, caller))
        tally.note_created(_create(good, caller, key, created_at))
    logger.info("tasks uploaded", tasks=tally.created, refused_rows=tally.refused)
    return tally.report()


def _remember(file: TaskFile, key: str, caller: Principal) -> _Key:
    upload_id = sha256(f"{caller.user_id}:{key}".encode()).hexdigest()[:32]
    digest = sha256(f"{file.media_type}\n{file.content}".encode()).hexdigest()
    try:
        Upload(id=upload_id, content_digest=digest).save(force_insert=True)
    except NotUniqueError:
        if Upload.objects(pk=upload_id, content_digest=digest).first() is None:
            raise UploadKeyReused from None
        made = Task.objects(upload_key__gte=f"{upload_id}:", upload_key__lt=f"{upload_id};")
        return _Key(upload_id, _ids_by_key(made))
    return _Key(upload_id, {})


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_PER_INSERT):
        yield rows[start : start + ROWS_PER_INSERT]


def _valid(rows: Iterable[Row], tally: Tally) -> Iterator[GoodRow]:
    for number, values in rows:
        if isinstance(values, BrokenRow):
            tally.refuse(number, (values.column, values.reason))
            continue
        try:
            yield number, CreateTask.model_validate(values)
        except ValidationError as error:
            tally.refuse(number, *_problems(error))


def _problems(error: ValidationError) -> list[Problem]:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return [(str(each["loc"][0]), each["msg"]) for each in details]


def _allowed(rows: Iterable[GoodRow], tally: Tally, caller: Principal) -> Iterator[GoodRow]:
    valid = list(rows)
    known = known_assignees((new.assignee_id for _, new in valid), caller=caller)
    for number, new in valid:
        try:
            check_assignee(new.assignee_id, caller=caller, known=known)
        except TidingsError as refusal:
            tally.refuse(number, (refusal.field, refusal.message))
        else:
            yield number, new


def _create(
    rows: Sequence[GoodRow], caller: Principal, key: _Key | None, at: datetime
) -> list[str]:
    """Return the ids of the rows' tasks, which are there now or were there before."""
    tasks = [
        new_task(new, caller=caller, at=at, upload_key=key and key.of_row(number))
        for number, new in rows
    ]
    there = key.made if key else {}
    missing = [task for task in tasks if task.upload_key not in there]
    refused = outbox.insert_many(Task, [(task, created(task, caller)) for task in missing])
    if refused:
        # The same file is being uploaded at the same time.
        keys = [task.upload_key for task in refused]
        there = there | _ids_by_key(Task.objects(upload_key__in=keys))
    return [there.get(task.upload_key, task.id) for task in tasks]


def _ids_by_key(tasks: "QuerySet[Task]") -> dict[str, str]:
    # In one answer of the server rather than a hundred at a time.
    return dict(tasks.scalar("upload_key", "pk").batch_size(MAX_ROWS))
