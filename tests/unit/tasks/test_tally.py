import json

import pytest
from pydantic import ValidationError

from tidings.tasks.rows import Row
from tidings.tasks.schemas import CreateTask
from tidings.tasks.tally import Tally
from tidings.tasks.upload import MAX_ROWS

LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024


def row_at(number: int) -> Row:
    return Row(number, number + 1, {})


def test_every_row_of_a_large_upload_is_reported() -> None:
    tally = Tally()
    for start in range(0, 3_500, 700):
        tally.note_created([str(number) for number in range(start, start + 700)])
    for row in range(1_500):
        tally.refuse(row_at(row), ("title", "missing"), ("state", "unknown"))
    report = tally.report()
    assert report.ids == [str(number) for number in range(3_500)]
    assert (report.created, report.refused) == (3_500, 1_500)
    assert {each.row for each in report.refusals} == set(range(1_500))
    assert len(report.refusals) + report.refusals_omitted == 3_000


def test_report_on_the_largest_broken_file_is_within_the_limit() -> None:
    with pytest.raises(ValidationError) as refused:
        CreateTask.model_validate({"title": "\x00", "labels": ["\x00"], "state": "none"})
    problems = [(str(each["loc"][0]), each["msg"]) for each in refused.value.errors()]
    longest = max(problems, key=lambda each: len(json.dumps(each)))
    tally = Tally()
    for row in range(MAX_ROWS):
        tally.refuse(row_at(row), *[longest] * len(CreateTask.model_fields))
    answer = json.dumps(tally.report().model_dump())
    assert len(json.dumps({"body": answer})) < LAMBDA_ANSWER_BYTES


def test_refusals_are_in_the_order_of_rows() -> None:
    tally = Tally()
    tally.refuse(row_at(7), (None, "broken"))
    tally.refuse(row_at(3), ("title", "missing"))
    assert [(each.row, each.line) for each in tally.report().refusals] == [(3, 4), (7, 8)]


def test_nothing_is_omitted_where_all_rows_are_named() -> None:
    tally = Tally()
    tally.refuse(row_at(2), (None, "broken"))
    assert tally.report().refusals_omitted == 0
