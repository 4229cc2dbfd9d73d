"""Uploads of tasks, as CSV and JSON lines: each row becomes a task's input or is refused."""

import json

from tidings.platform.errors import InvalidInput
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.tasks.errors import BadTaskFile
from tidings.tasks.rows import COLUMNS, CSV, JSON_LINES, BrokenRow, Row, TaskFile, read_rows
from tidings.tasks.schemas import CreateTask

TAKEN = [
    b"title,priority,labels\nPack,high,a;b\n",
    b'\xef\xbb\xbftitle;description\r\n"Say ""hello""";"two\r\nlines"\r\n\r\n;\r\n',
    b"sep=;\r\ntitle;description;;\r\nPack;;;\r\nShip\r\n",
    "title\tstate\r\nPack\tdone\r\n".encode("utf-16"),
    b"due_at\ttitle\n2026-12-01T09:00:00Z\tShip\n",
    b'{"title": "Pack", "labels": ["a"]}\n\n{"title": 7}\n{"title": "a", "title": "b"}\n[]\n',
]
REFUSED = [b"", b"\n\n", b"name\nPack\n", b"title,title\n", b'"title\n', b"\xff", b"title\0\n"]
WORDS = [
    *COLUMNS,
    "sep=;",
    '"',
    '""',
    ";",
    "\t",
    "\r\n",
    "\0",
    "\ufeff",
    "\u2028",
    "\\ud800",
    '{"title":',
]


def check(data: bytes) -> bool:
    return sum(taken(data, media_type) for media_type in (CSV, JSON_LINES)) > 0


def taken(data: bytes, media_type: str) -> bool:
    try:
        rows = list(read_rows(TaskFile.read(data, media_type)))
    except (InvalidInput, BadTaskFile) as refused:
        refused.message.encode()
        return False
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    return sum(map(is_task, rows)) > 0


def is_task(row: Row) -> bool:
    if isinstance(row.values, BrokenRow):
        json.dumps([row.values.reason, row.values.column], ensure_ascii=False).encode()
        return False
    try:
        task = parsed(CreateTask, row.values)
    except InvalidFields as error:
        json.dumps(error.faults, ensure_ascii=False).encode()
        return False
    assert task.title.strip()
    task.model_dump_json()
    return True
