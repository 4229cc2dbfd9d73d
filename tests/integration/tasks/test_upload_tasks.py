"""Uploads: valid rows become tasks, broken ones are named, and no task is created twice."""

import json
import time
import tracemalloc
from collections import Counter
from functools import partial

import pytest
from pymongo.errors import NetworkTimeout

from tests.integration.builders import Queues, a_person, at_once
from tests.integration.tasks.builders import a_user, csv_file
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored, relay_left_behind
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.tasks import upload
from tidings.tasks.errors import BadTaskFile, TooManyRows, UploadKeyReused
from tidings.tasks.models import Task, Upload
from tidings.tasks.operations import delete_task
from tidings.tasks.queries import get_task
from tidings.tasks.rows import TaskFile
from tidings.tasks.schemas import UploadReport
from tidings.tasks.upload import MAX_ROWS, upload_tasks

FILE = csv_file("title,priority", "Ink,high", "Paper,low", "Pens,")


def titles() -> list[str]:
    return [task.title for task in Task.objects.order_by("title")]


def large_file(rows: int) -> TaskFile:
    return csv_file("title,due_at", *(f"Task {n},2026-12-01T17:00:00Z" for n in range(rows)))


# ------------------------------------------------------------------- created tasks


def test_each_row_becomes_a_task_of_the_caller() -> None:
    owner = a_person()
    report = upload_tasks(
        csv_file(
            "title,description,state,priority,due_at,assignee_id,labels",
            f'"Ink, blue","two\nlines",in_progress,high,2026-12-01T17:00:00Z,{owner.user_id},a;b',
            "Paper,,,,,,",
        ),
        caller=owner,
    )
    assert (report.created, report.refused, report.refusals) == (2, 0, [])
    ink, paper = (get_task(task_id, caller=owner) for task_id in report.ids)
    assert ink.model_dump(mode="json", exclude={"id", "created_at", "updated_at"}) == {
        "title": "Ink, blue",
        "description": "two\nlines",
        "state": "in_progress",
        "priority": "high",
        "due_at": "2026-12-01T17:00:00Z",
        "assignee_id": owner.user_id,
        "labels": ["a", "b"],
        "owner_id": owner.user_id,
        "version": 1,
    }
    assert (paper.title, paper.state, paper.due_at) == ("Paper", "open", None)


def test_json_lines_have_the_same_result() -> None:
    lines = [json.dumps({"title": "Größe", "labels": ["a"]}), "{}", json.dumps({"title": "B"})]
    file = TaskFile(media_type="application/x-ndjson", content="\n".join(lines))
    report = upload_tasks(file, caller=a_person())
    assert report.created == 2
    assert [(each.row, each.column) for each in report.refusals] == [(2, "title")]
    assert titles() == ["B", "Größe"]


def test_broken_rows_are_named_and_the_others_created() -> None:
    report = upload_tasks(
        csv_file(
            "title,state,due_at,assignee_id",
            "A,,,",
            ",done,,",
            "B,lost,tomorrow,",
            "C,,,,x",
            f"D,,,{a_user().user_id}",
            '"E"x,,,',
            "F,,,",
        ),
        caller=a_person(),
    )
    assert titles() == ["A", "F"]
    assert (report.created, report.refused, report.refusals_omitted) == (2, 5, 0)
    assert [(each.line, each.column) for each in report.refusals] == [
        (3, "title"),
        (4, "state"),
        (4, "due_at"),
        (5, None),
        (6, "assignee_id"),
        (7, None),
    ]
    assert "cells" in report.refusals[3].reason
    assert "yourself only" in report.refusals[4].reason


def test_operators_assign_to_users_only() -> None:
    user = a_user()
    file = csv_file("title,assignee_id", f"A,{user.user_id}", f"B,{new_id()}")
    report = upload_tasks(file, caller=a_person(Role.OPERATOR))
    assert (report.created, report.refused) == (1, 1)
    assert report.refusals[0].reason == "There is no such user."
    assert Task.objects.get().assignee_id == user.user_id


def test_values_are_never_query_operators() -> None:
    file = TaskFile(
        media_type="application/x-ndjson",
        content='{"title": {"$gt": ""}}\n{"title": "a", "$set": {"x": 1}}',
    )
    report = upload_tasks(file, caller=a_person())
    assert (report.created, report.refused) == (0, 2)
    assert Task.objects.count() == 0


@pytest.mark.parametrize("lines", [(), ("",), ("name", "A"), ("state", "done")])
def test_invalid_file_creates_nothing(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadTaskFile):
        upload_tasks(csv_file(*lines), caller=a_person(), idempotency_key="key-1")
    assert Task.objects.count() == Upload.objects.count() == 0


def test_file_with_too_many_rows_creates_nothing() -> None:
    with pytest.raises(TooManyRows):
        upload_tasks(csv_file("title", *["A"] * (MAX_ROWS + 1)), caller=a_person())
    assert Task.objects.count() == 0


# ---------------------------------------------------------------------- repetition


def repeated(owner: Principal, file: TaskFile = FILE, key: str = "key-1") -> UploadReport:
    return upload_tasks(file, caller=owner, idempotency_key=key)


def test_same_file_with_the_same_key_is_created_once() -> None:
    owner = a_person()
    first = repeated(owner)
    assert repeated(owner) == first
    assert titles() == ["Ink", "Paper", "Pens"]
    assert [entry.type for task in Task.objects for entry in task.outbox] == ["task.created"] * 3


def test_concurrent_uploads_of_a_file_create_it_once() -> None:
    owner = a_person()
    reports = at_once([partial(repeated, owner)] * 6)
    assert titles() == ["Ink", "Paper", "Pens"]
    assert {tuple(report.ids) for report in reports} == {tuple(reports[0].ids)}


def test_other_file_with_the_same_key_is_a_conflict_and_creates_nothing() -> None:
    owner = a_person()
    repeated(owner)
    with pytest.raises(UploadKeyReused):
        repeated(owner, csv_file("title", "Other"))
    assert titles() == ["Ink", "Paper", "Pens"]


def test_keys_of_different_people_are_independent() -> None:
    repeated(a_person())
    repeated(a_person(), csv_file("title", "Other"))
    assert titles() == ["Ink", "Other", "Paper", "Pens"]


def test_without_a_key_each_upload_creates_its_tasks() -> None:
    owner = a_person()
    upload_tasks(FILE, caller=owner)
    upload_tasks(FILE, caller=owner)
    assert len(titles()) == 6


def test_interrupted_upload_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = a_person()
    monkeypatch.setattr(upload, "ROWS_PER_INSERT", 2)
    with pytest.MonkeyPatch.context() as patch:
        insert, calls = outbox.insert_many, Counter[str]()

        def break_off(*arguments: object) -> object:
            calls["insert"] += 1
            if calls["insert"] > 1:
                raise NetworkTimeout("gone")
            return insert(*arguments)  # type: ignore[arg-type]

        patch.setattr(outbox, "insert_many", break_off)
        with pytest.raises(NetworkTimeout):
            repeated(owner)
    assert titles() == ["Ink", "Paper"]
    report = repeated(owner)
    assert (report.created, len(set(report.ids))) == (3, 3)
    assert titles() == ["Ink", "Paper", "Pens"]


def test_task_deleted_meanwhile_is_not_created_again() -> None:
    owner = a_person()
    report = repeated(owner)
    delete_task(report.ids[0], caller=owner)
    assert repeated(owner).ids == report.ids
    assert Task.objects(deleted_at=None).count() == 2


# -------------------------------------------------------------------------- events


def test_each_task_is_announced(queues: Queues) -> None:
    report = upload_tasks(FILE, caller=a_person())
    publish_stored()
    messages = queues.take("notifications", 3)
    assert {message.event["type"] for message in messages} == {"task.created"}
    assert {message.event["subject"] for message in messages} == set(report.ids)
    assert Task.objects(outbox__0__exists=True).count() == 0


def test_an_invocation_publishes_a_bounded_part_and_the_relay_the_rest(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_NOTED", 10)
    monkeypatch.setattr(relay, "DOCUMENTS_PER_ROUND", 7)
    upload_tasks(large_file(40), caller=a_person())
    publish_stored()
    first = queues.take("notifications", 10)
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", relay.LEFT_BEHIND_AFTER * -1)
    assert relay_left_behind(OUTBOX_DOCUMENTS, seconds=60) == 30
    subjects = {each.event["subject"] for each in [*first, *queues.take("notifications", 30)]}
    assert len(subjects) == 40
    assert Task.objects(outbox__0__exists=True).count() == 0


# ---------------------------------------------------------------------------- size


def test_a_large_upload_is_bounded_in_time_and_answer(commands: list[str]) -> None:
    content, started = large_file(4_000), time.thread_time()
    report = upload_tasks(content, caller=a_person(), idempotency_key="large")
    spent, sent = time.thread_time() - started, len(commands)
    assert Task.objects.count() == report.created == 4_000
    assert len(set(report.ids)) == 4_000
    assert len(take_stored()) == outbox.MAX_NOTED
    # A fifth of the largest file in a fifth of the API's time: our own work, and the commands that
    # the database answers. The clock says what else the machine does.
    assert spent < 29 / 5
    assert sent <= 12


def test_a_large_upload_is_bounded_in_memory() -> None:
    file = large_file(2_000)
    tracemalloc.start()
    try:
        upload_tasks(file, caller=a_person(), idempotency_key="large")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A tenth of the largest file, with a tenth of the memory that a function of 512 MB has besides
    # Python.
    assert peak_bytes < 40 * 1024 * 1024
