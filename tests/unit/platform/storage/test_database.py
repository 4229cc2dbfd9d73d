"""Tests of the text of bulk write errors, which is logged and stored with failed messages."""

import traceback

import pytest
from pymongo.errors import BulkWriteError

from tidings.platform.messaging.history import failed_attempt
from tidings.platform.storage import database

SECRET = "Q4TN-82WBZ7"


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
