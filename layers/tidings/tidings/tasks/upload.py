"""Create many tasks from one file; refused rows are reported one by one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from mongoengine import QuerySet

from tidings.platform.errors import PayloadTooLarge, TidingsError, UnsupportedMediaType
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.once import digest_of, key_id, once
from tidings.platform.timing.clock import now
from tidings.tasks.assignees import check_assignee, known_assignees
from tidings.tasks.errors import BadTaskFile, TooManyRows, UploadKeyReused
from tidings.tasks.models import Task, Upload
from tidings.tasks.operations import created, new_task
from tidings.tasks.rows import BrokenRow, Row, TaskFile, read_rows
from tidings.tasks.schemas import CreateTask, UploadReport
from tidings.tasks.tally import Tally

MAX_ROWS: Final = 20_000
ROWS_PER_INSERT: Final = 500

GoodRow = tuple[Row, CreateTask]


class _Key(NamedTuple):
    """The upload of an Idempotency-Key, and the tasks that it created before."""

    upload_id: str
    made: dict[str, str]

    def of_row(self, number: int) -> str:
        return f"{self.upload_id}:{number}"


@operation(
    role=Role.CUSTOMER,
    refuses=(BadTaskFile, TooManyRows, UploadKeyReused, UnsupportedMediaType, PayloadTooLarge),
)
def upload_tasks(
    file: TaskFile,
    *,
    caller: Principal,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> UploadReport:
    """Create a task from each valid row; the caller owns them. Other rows are reported.

    The same file with the same key creates no task twice and has the same answer; an interrupted
    upload is completed. Without a key each upload creates its tasks.

    Raises:
        BadTaskFile: the file is empty, or its header is wrong; nothing was created.
        TooManyRows: the file has more than `MAX_ROWS` rows; nothing was created.
        UploadKeyReused: the key was used for another file; nothing was created.
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
    upload_id = key_id(caller.user_id, key)[:32]
    digest = digest_of(f"{file.media_type}\n{file.content}")
    new = Upload(id=upload_id, content_digest=digest)
    store = partial(new.save, force_insert=True)
    if once(digest, Upload.objects(pk=upload_id).first, store, reused=UploadKeyReused) is new:
        return _Key(upload_id, {})
    made = Task.objects(upload_key__gte=f"{upload_id}:", upload_key__lt=f"{upload_id};")
    return _Key(upload_id, _ids_by_key(made))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_PER_INSERT):
        yield rows[start : start + ROWS_PER_INSERT]


def _valid(rows: Iterable[Row], tally: Tally) -> Iterator[GoodRow]:
    for row in rows:
        if isinstance(row.values, BrokenRow):
            tally.refuse(row, (row.values.column, row.values.reason))
            continue
        try:
            yield row, parsed(CreateTask, row.values)
        except InvalidFields as error:
            tally.refuse(row, *((str(each.place[0]), each.message) for each in error.faults))


def _allowed(rows: Iterable[GoodRow], tally: Tally, caller: Principal) -> Iterator[GoodRow]:
    valid = list(rows)
    known = known_assignees((new.assignee_id for _, new in valid), caller=caller)
    for row, new in valid:
        try:
            check_assignee(new.assignee_id, caller=caller, known=known)
        except TidingsError as refusal:
            tally.refuse(row, (refusal.field, refusal.message))
        else:
            yield row, new


def _create(
    rows: Sequence[GoodRow], caller: Principal, key: _Key | None, at: datetime
) -> list[str]:
    """Return the ids of the rows' tasks, which were created now or before."""
    tasks = [
        new_task(new, caller=caller, at=at, upload_key=key and key.of_row(row.number))
        for row, new in rows
    ]
    there = key.made if key else {}
    missing = [task for task in tasks if task.upload_key not in there]
    refused = outbox.insert_many(Task, [(task, created(task, caller)) for task in missing])
    if refused:
        # A concurrent request uploads the same file.
        keys = [task.upload_key for task in refused]
        there = there | _ids_by_key(Task.objects(upload_key__in=keys))
    return [there.get(task.upload_key, task.id) for task in tasks]


def _ids_by_key(tasks: "QuerySet[Task]") -> dict[str, str]:
    # One large batch, so that the server answers once and not per hundred.
    return dict(tasks.scalar("upload_key", "pk").batch_size(MAX_ROWS))
