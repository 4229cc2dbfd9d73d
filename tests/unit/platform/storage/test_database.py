"""Tests of the text of bulk write errors, which is logged and stored with failed messages."""

import traceback

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, PyMongoError

from tidings.platform.messaging.history import failed_attempt
from tidings.platform.storage import database

SECRET = "Q4TN-82WBZ7"
# The other tests of the platform must not connect.
CONNECT = database.connect


def refused(code: int) -> BulkWriteError:
    """Return the driver's error, with the document that was not written."""
    failure = {"index": 0, "code": code, "errmsg": SECRET, "op": {"reset_code": SECRET}}
    return BulkWriteError({"writeErrors": [failure], "nInserted": 0})


def raised(error: BulkWriteError) -> BulkWriteError:
    with pytest.raises(BulkWriteError) as caught, database.writing_many(1):
        raise error
    return caught.value


def test_error_of_a_bulk_write_quotes_no_document() -> None:
    error = raised(refused(121))
    told = [
        str(error),
        repr(error),
        failed_attempt(error).error,
        *traceback.format_exception(error),
    ]
    assert not [each for each in told if SECRET in each]
    assert "121" in str(error)


def test_error_names_the_cause_and_whether_the_server_was_unavailable() -> None:
    duplicate, late = raised(refused(11000)), raised(refused(50))
    assert [each["index"] for each in duplicate.details["writeErrors"]] == [0]
    assert not database.is_unavailable(duplicate)
    assert database.is_unavailable(late)


class Opened:
    """Records the addresses to which clients were opened."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def __call__(self, url: str) -> object:
        self.urls.append(url)
        return object()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    found = Opened()
    monkeypatch.setattr(database, "connect", CONNECT)
    monkeypatch.setattr(database, "_open", found)
    monkeypatch.setattr(database, "close", lambda: None)  # other tests are connected
    monkeypatch.setattr(database, "_opened", database._Opened())
    return found


def test_refused_password_is_read_again_by_the_next_invocation_only(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def url(*, refused: bool = False) -> str:
        asked.append(refused)
        return "mongodb://new" if any(asked) else "mongodb://old"

    monkeypatch.setattr(database, "mongodb_url", url)
    database.connect()
    refusal = OperationFailure("Authentication failed.", 18)
    assert database.is_unavailable(refusal)
    database.note_failure(refusal)
    database.connect()
    database.connect()
    assert asked == [False, True, False]
    assert opened.urls == ["mongodb://old", "mongodb://new"]


@pytest.mark.parametrize("error", [OperationFailure("not allowed", 13), AutoReconnect("away")])
def test_other_failures_do_not_read_the_password_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, error: PyMongoError
) -> None:
    database.note_failure(error)
    assert not database._opened.was_refused
