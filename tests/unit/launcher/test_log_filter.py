"""`make logs` shows the lines of a level, a request, a time and a text."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.log_filter import Wanted, level_of, wanted
from tidings_local.launcher.operating.log_record import Record

NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
NOW_MS = NOW.timestamp() * 1000
NOTHING = dict.fromkeys(("level", "correlation", "text", "since", "until", "minutes"))


def chosen(**said: Any) -> Wanted:
    return wanted(**NOTHING | said, now=NOW)


def record(text: str = "", at_ms: float = NOW_MS, **fields: object) -> Record:
    return Record(at_ms, "orders", text or json.dumps(fields))


@pytest.mark.parametrize(
    ("level", "shown"),
    [("DEBUG", 4), ("info", 3), ("WARNING", 2), ("ERROR", 1), ("CRITICAL", 0)],
)
def test_lines_below_the_level_are_left_out(level: str, shown: int) -> None:
    lines = [record(level=each) for each in ("DEBUG", "INFO", "WARNING", "ERROR")]
    assert sum(map(chosen(level=level).accepts, lines)) == shown


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("START RequestId: 1", "INFO"),
        ("Traceback (most recent call last):", "ERROR"),
        ("2026 Task timed out after 3.00 seconds", "ERROR"),
        ("[1, 2]", "INFO"),
    ],
)
def test_level_of_text_is_known(text: str, level: str) -> None:
    assert level_of(record(text)) == level


def test_level_of_a_services_text_is_known() -> None:
    text = "2026-11-30T10:04:19.533  WARN --- [reactor] serializer: no member"
    assert level_of(Record(0, "localstack", text, is_of_a_service=True)) == "WARNING"
    text = "2026-11-30 10:05:00.757456+00:00 [error] <0.1> closing"
    assert level_of(Record(0, "rabbitmq", text, is_of_a_service=True)) == "ERROR"


def test_line_of_a_batch_belongs_to_each_of_its_requests() -> None:
    line = record(correlation_ids=["a", "b"])
    assert [chosen(correlation=each).accepts(line) for each in "abc"] == [True, True, False]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"minutes": 5.0}, [False, True, True]),
        ({"since": "09:55"}, [False, True, True]),
        ({"since": "2026-11-30T09:50:00Z", "until": "09:56"}, [True, True, False]),
        ({"until": "2026-11-30T10:54:30+01:00"}, [True, False, False]),
    ],
)
def test_only_lines_of_the_time_are_shown(said: dict[str, Any], shown: list[bool]) -> None:
    at = [NOW - timedelta(minutes=each) for each in (6, 5, 0)]
    accepts = chosen(**said).accepts
    assert [accepts(record(at_ms=each.timestamp() * 1000)) for each in at] == shown


def test_text_is_found_in_any_case() -> None:
    line = record(message="Order placed", order_id="1")
    assert chosen(text="oRDER p").accepts(line)
    assert not chosen(text="order rejected").accepts(line)


def test_id_of_a_person_is_found_by_its_hash() -> None:
    person = "01a22bc6ffc52a2693e7dbaf"
    line = record(user_id=hashlib.sha256(person.encode()).hexdigest()[:16])
    assert chosen(text=person).accepts(line)
    assert not chosen(text=person.replace("0", "1")).accepts(line)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"level": "LOUD"}, "LEVEL is not usable"),
        ({"since": "yesterday"}, "SINCE is not a time"),
        ({"until": "25:00"}, "UNTIL is not a time"),
        ({"since": "09:00", "minutes": 3.0}, "both set"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(LauncherError, match=problem):
        chosen(**said)
