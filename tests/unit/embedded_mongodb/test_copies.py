"""A copy of a document is equal to it, and shares nothing that can change."""

import re
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp

from tidings_local.embedded_mongodb.copies import copied

DOCUMENT: dict[str, Any] = {
    "_id": ObjectId(),
    "values": [1, Int64(2), 2.5, True, None, "text", b"bytes", Decimal128("1.50")],
    "others": [Binary(b"0" * 16, 4), Timestamp(1, 2), Regex("^a"), re.compile("b"), MaxKey()],
    "code": Code("f()", {"a": [1]}),
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "reference": DBRef("things", 1, extra=[1]),
    "parts": [{"sku": "a", "of": [{"b": [1]}]}],
}


def test_copy_is_equal_to_that_of_the_library() -> None:
    copy = copied(DOCUMENT)
    assert copy == deepcopy(DOCUMENT)
    assert list(copy) == list(DOCUMENT)
    for name in ("values", "others"):
        assert [type(each) for each in copy[name]] == [type(each) for each in DOCUMENT[name]]


def test_change_of_a_copy_leaves_the_document_alone() -> None:
    document = deepcopy(DOCUMENT)
    copy = copied(document)
    copy["values"].append(3)
    copy["parts"][0]["of"][0]["b"][0] = 7
    copy["code"].scope["a"].append(2)
    del copy["at"]
    assert document == DOCUMENT
