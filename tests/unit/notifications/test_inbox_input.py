"""Tests of the validation of input for the inbox and the send API."""

from typing import Any

import pytest
from pydantic import ValidationError

from tidings.notifications.schemas import InboxQuery, MarkAllRead, SendNotification
from tidings.platform.errors import TidingsError

GOOD: dict[str, Any] = {
    "notification_type": "email",
    "user_id": "6b0152a6f6b097fd8ed20a9a",
    "template_code": "order_status_update",
    "variables": {"order_id": "7", "state": "packed"},
    "request_id": "packing-7",
}


def test_required_fields_are_enough() -> None:
    wanted = SendNotification.model_validate(GOOD)
    assert (wanted.priority, wanted.send_at, wanted.metadata) == ("normal", None, {})


@pytest.mark.parametrize(
    "change",
    [
        {"notification_type": "fax"},
        {"notification_type": None},
        {"user_id": {"$gt": ""}},
        {"user_id": "me"},
        {"template_code": "../secrets"},
        {"template_code": "x" * 65},
        {"request_id": ""},
        {"request_id": "with space"},
        {"request_id": "x" * 129},
        {"request_id": "ü"},
        {"priority": "highest"},
        {"metadata": {"key": 1}},
        {"metadata": {"a.b": "1"}},
        {"metadata": {"$where": "1"}},
        {"metadata": {"key": "x" * 501}},
        {"metadata": {"key": "line\nbreak"}},
        {"metadata": {str(number): "" for number in range(21)}},
        {"variables": {"Not a name": "1"}},
        {"variables": []},
        {"variables": {"text": "x" * 1_000_000}},
        {"send_at": "2026-12-01T09:00:00"},
        {"send_at": 1_800_000_000},
        {"send_at": "tomorrow"},
        {"surprise": 1},
    ],
    ids=str,
)
def test_invalid_input_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, TidingsError)):
        SendNotification.model_validate(GOOD | change)


def test_time_to_send_is_kept_in_utc() -> None:
    wanted = SendNotification.model_validate(GOOD | {"send_at": "2026-12-01T09:00:00+01:00"})
    assert wanted.send_at is not None
    assert wanted.send_at.isoformat() == "2026-12-01T08:00:00+00:00"


@pytest.mark.parametrize(
    "query",
    [{"kind": "{$gt: 1}"}, {"category": "Orders"}, {"archived": "yes"}, {"unread_only": "1"}],
    ids=str,
)
def test_unknown_filter_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        InboxQuery.model_validate(query)


def test_filter_is_read_from_a_query_string() -> None:
    query = InboxQuery.model_validate(
        {"kind": "order.confirmed", "category": "orders", "archived": "true", "limit": "5"}
    )
    assert (query.archived, query.unread_only, query.limit) == (True, False, 5)


def test_all_is_marked_read_up_to_a_time_with_its_offset() -> None:
    assert MarkAllRead.model_validate({}).up_to is None
    with pytest.raises(ValidationError):
        MarkAllRead.model_validate({"up_to": "2026-12-01T09:00:00"})
