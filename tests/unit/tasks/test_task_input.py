from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tidings.tasks.models import TaskPriority, TaskState
from tidings.tasks.schemas import CreateTask, GetTasks, TaskFilter, UpdateTask, UploadHeaders

VALID: dict[str, Any] = {"title": "Call the carrier"}


def refused_fields(model: type[BaseModel], values: dict[str, Any]) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(values)
    return {str(error["loc"][0]) for error in refused.value.errors()}


def test_a_title_is_enough() -> None:
    new = CreateTask.model_validate({"title": "  Call the carrier "})
    assert new.title == "Call the carrier"
    assert (new.state, new.priority) == (TaskState.OPEN, TaskPriority.NORMAL)
    assert (new.due_at, new.assignee_id, new.labels) == (None, None, ())


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T17:00:00Z",
        "2026-12-01T18:00:00+01:00",
        "2026-12-01 12:00-05:00",
        "2026-12-01T17:00:00.000999Z",
    ],
)
def test_due_date_is_kept_in_utc_and_whole_milliseconds(text: str) -> None:
    due_at = CreateTask.model_validate(VALID | {"due_at": text}).due_at
    assert due_at == datetime(2026, 12, 1, 17, tzinfo=UTC)
    assert due_at.tzinfo is UTC


@pytest.mark.parametrize(
    "due_at",
    [
        "2026-12-01",
        "2026-12-01T17:00:00",
        "tomorrow",
        "1800000000",
        1800000000,
        1800000000.5,
        True,
        "2026-13-01T17:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        datetime(2026, 12, 1, 17),  # noqa: DTZ001
        {"$gt": ""},
    ],
    ids=str,
)
def test_due_date_without_an_offset_or_out_of_range_is_refused(due_at: object) -> None:
    assert refused_fields(CreateTask, VALID | {"due_at": due_at}) == {"due_at"}
    assert refused_fields(UpdateTask, {"version": 1, "due_at": due_at}) == {"due_at"}
    assert refused_fields(TaskFilter, {"due_before": due_at}) == {"due_before"}


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": " \u2003 "},
        {"title": "x" * 201},
        {"title": "a\nb"},
        {"title": "a\x00b"},
        {"title": "a\ud800"},
        {"title": {"$gt": ""}},
        {"title": 7},
        {"description": "x" * 5_001},
        {"description": "a\x00"},
        {"description": None},
        {"state": "OPEN"},
        {"state": "lost"},
        {"state": None},
        {"priority": 3},
        {"assignee_id": "me"},
        {"assignee_id": {"$ne": None}},
        {"assignee_id": "6B0152A5F6B097FD8ED20A98"},
        {"labels": "red"},
        {"labels": [""]},
        {"labels": ["x" * 41]},
        {"labels": [str(n) for n in range(11)]},
        {"labels": [None]},
        {"owner_id": "6b0152a5f6b097fd8ed20a98"},
        {"id": "6b0152a5f6b097fd8ed20a98"},
        {"deleted_at": None},
    ],
    ids=lambda change: str(change)[:40],
)
def test_invalid_field_is_refused_by_name(change: dict[str, Any]) -> None:
    assert refused_fields(CreateTask, VALID | change) == set(change)
    assert refused_fields(UpdateTask, {"version": 1} | change) == set(change)


def test_each_label_is_kept_once() -> None:
    new = CreateTask.model_validate(VALID | {"labels": ["red", " red ", "blue"]})
    assert new.labels == ("red", "blue")


@pytest.mark.parametrize("version", [None, 0, -1, 1.0, "1", True, 2**31])
def test_update_names_its_version(version: object) -> None:
    assert refused_fields(UpdateTask, {"version": version}) == {"version"}
    assert refused_fields(UpdateTask, {}) == {"version"}


def test_fields_missing_in_an_update_are_not_set() -> None:
    change = UpdateTask.model_validate({"version": 1, "due_at": None})
    assert change.model_fields_set == {"version", "due_at"}


def test_schema_of_an_update_has_no_invalid_defaults() -> None:
    properties = UpdateTask.model_json_schema()["properties"]
    for name in ("title", "description", "state", "priority", "labels"):
        assert "default" not in properties[name], name


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"priority": "9"},
        {"assignee_id": "x"},
        {"label": ""},
        {"due_after": "1"},
        {"text": ""},
        {"text": "x" * 101},
        {"sort": "title"},
        {"limit": "101"},
        {"page": "0"},
        {"owner_id": "x"},
        {"$where": "x"},
    ],
    ids=str,
)
def test_invalid_parameter_of_a_list_is_refused_by_name(query: dict[str, str]) -> None:
    assert refused_fields(GetTasks, query) == set(query)


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, "größe", "a\n"])
def test_invalid_idempotency_key_is_refused(key: str) -> None:
    assert refused_fields(UploadHeaders, {"Idempotency-Key": key}) == {"Idempotency-Key"}
