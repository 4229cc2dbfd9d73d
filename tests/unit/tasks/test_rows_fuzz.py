"""Each row of any upload becomes a task's input or is refused with a reason."""

import json
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.errors import InvalidInput, TidingsError
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.tasks.rows import COLUMNS, CSV, JSON_LINES, BrokenRow, Row, TaskFile, read_rows
from tidings.tasks.schemas import CreateTask

MEDIA_TYPES = st.sampled_from([CSV, JSON_LINES])
CELLS = st.text() | st.sampled_from(['"', '""', ",", ";", "\r", "\n", "\x00", "done", "="])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(COLUMNS) | st.text()


def rows_of(content: str, media_type: str) -> list[Row]:
    try:
        return list(read_rows(TaskFile(media_type=media_type, content=content)))
    except TidingsError:
        return []


def check(rows: list[Row]) -> None:
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(row.line >= 1 for row in rows)
    for _, _, values in rows:
        if isinstance(values, BrokenRow):
            assert_can_be_sent(values.reason, values.column)
            continue
        try:
            assert parsed(CreateTask, values).title.strip()
        except InvalidFields as error:
            for fault in error.faults:
                assert_can_be_sent(fault.message, str(fault.place[0]))


def assert_can_be_sent(*texts: str | None) -> None:
    json.dumps(texts, ensure_ascii=False).encode()


@given(content=st.text(), media_type=MEDIA_TYPES)
def test_any_text(content: str, media_type: str) -> None:
    check(rows_of(content, media_type))


@given(raw=st.binary(), media_type=MEDIA_TYPES)
def test_any_bytes(raw: bytes, media_type: str) -> None:
    try:
        file = TaskFile.read(raw, media_type)
    except InvalidInput:
        return
    check(rows_of(file.content, media_type))


@given(rows=st.lists(st.lists(CELLS, max_size=4)))
def test_any_cells_below_a_header(rows: list[list[str]]) -> None:
    lines = ["title,description,labels", *(",".join(row) for row in rows)]
    check(rows_of("\n".join(lines), CSV))


@given(lines=st.lists(st.dictionaries(NAMES, JSON_VALUES, max_size=4), max_size=6))
def test_any_objects(lines: list[dict[str, object]]) -> None:
    content = "\n".join(json.dumps(line) for line in lines)
    rows = rows_of(content, JSON_LINES)
    assert len(rows) == len(lines)
    check(rows)


@given(tasks=st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1, max_size=5))
def test_file_of_a_spreadsheet_is_read_unchanged(tasks: list[tuple[str, str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in task) for task in tasks]
    rows = rows_of("title,description\r\n" + "\r\n".join(quoted), CSV)
    expected = [
        {n: c for n, c in (("title", title.strip()), ("description", description)) if c.strip()}
        for title, description in tasks
        if title.strip() or description.strip()
    ]
    if "\0" not in "".join(map("".join, tasks)):
        assert [values for _, _, values in islice(rows, 10)] == expected
