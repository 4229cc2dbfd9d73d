import base64
from contextlib import suppress
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mongoengine import Q
from pydantic import ValidationError

from tidings.orders.models import Order
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.sorting import UnknownCursor


class Found:
    """A query over documents in memory, newest first."""

    _document = Order

    def __init__(self, count: int) -> None:
        self._stored = [{"_id": f"{n:024x}"} for n in range(count, 0, -1)]

    def count(self, *, with_limit_and_skip: bool) -> int:
        assert with_limit_and_skip
        return len(self._stored)

    def filter(self, condition: Q) -> Self:
        last = condition.query["pk__lt"]
        return self._with([each for each in self._stored if each["_id"] < last])

    def order_by(self, key: str) -> Self:
        assert key == "-pk"
        return self

    def skip(self, count: int) -> Self:
        return self._with(self._stored[count:])

    def limit(self, count: int) -> Self:
        return self._with(self._stored[:count])

    def _with(self, stored: list[dict[str, str]]) -> Self:
        other = type(self)(0)
        other._stored = stored
        return other

    def as_pymongo(self) -> list[dict[str, str]]:
        return self._stored


def page_of(count: int, **request: Any) -> Page[Any]:
    return paginate(Found(count), PageRequest(**request))


def ids(page: Page[Any]) -> list[int]:
    return [int(each.pk, 16) for each in page.items]


def test_first_page_is_the_newest() -> None:
    page = page_of(5, limit=2)
    assert ids(page) == [5, 4]
    assert (page.total, page.has_next, page.has_previous) == (5, True, False)


def test_total_stops_after_ten_thousand() -> None:
    exact, more = page_of(10_000, limit=2), page_of(10_001, limit=2)
    assert (exact.total, exact.total_is_at_least) == (10_000, False)
    assert (more.total, more.total_is_at_least, more.counted) == (10_000, True, 10_001)
    assert page_of(12_345, limit=2).counted == 10_001


def test_page_by_number() -> None:
    page = page_of(5, limit=2, page=3)
    assert ids(page) == [1]
    assert (page.has_next, page.has_previous) == (False, True)


def test_page_after_a_cursor() -> None:
    first = page_of(5, limit=2)
    page = page_of(5, limit=2, after=first.cursors[-1])
    assert ids(page) == [3, 2]
    assert (page.total, page.has_next, page.has_previous) == (5, True, True)


def test_list_by_cursor_is_stable_while_documents_are_added() -> None:
    first = page_of(4, limit=2)
    assert ids(page_of(9, limit=2, after=first.cursors[-1])) == [2, 1]


def test_last_full_page_has_no_next_cursor() -> None:
    assert not page_of(4, limit=2, page=2).has_next


def test_empty_result_is_an_empty_page() -> None:
    page = page_of(0)
    assert (page.items, page.cursors, page.total, page.has_next) == ([], [], 0, False)


def test_page_after_the_end_is_empty() -> None:
    assert ids(page_of(3, limit=2, page=9)) == []


@pytest.mark.parametrize(
    "cursor",
    [
        "garbage",
        "a",
        "====",
        "ab==cd",
        "with space",
        "größe",
        "\ud800",
        "\x00",
        "../etc",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
    ids=repr,
)
def test_forged_cursor_is_refused(cursor: str) -> None:
    request = PageRequest.model_construct(limit=2, page=1, after=cursor)
    with pytest.raises(UnknownCursor, match="cursor") as refused:
        paginate(Found(3), request)
    assert refused.value.field == "after"


@given(st.text(max_size=200))
def test_any_cursor_is_refused_or_returns_a_page(cursor: str) -> None:
    request = PageRequest.model_construct(limit=2, page=1, after=cursor)
    with suppress(UnknownCursor):
        assert len(paginate(Found(3), request).items) <= 2


def test_foreign_base64_is_only_compared_as_text() -> None:
    query = base64.urlsafe_b64encode(b'{"$gt": ""}').decode()
    assert isinstance(page_of(3, after=query).items, list)


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "many"},
        {"page": 0},
        {"page": 1001},
        {"after": "x" * 201},
        {"after": {"$gt": ""}},
    ],
    ids=str,
)
def test_request_out_of_bounds_names_the_parameter(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        PageRequest.model_validate(bad)
    assert refused.value.errors()[0]["loc"] == tuple(bad)


def test_numbers_of_a_url_are_read() -> None:
    assert PageRequest.model_validate({"limit": "5", "page": "2"}) == PageRequest.model_validate(
        {"limit": 5, "page": 2}
    )


def test_converted_page_keeps_its_position() -> None:
    page = page_of(5, limit=2)
    converted = page.map(lambda each: each.pk[-1])
    assert converted.items == ["5", "4"]
    assert (converted.cursors, converted.total, converted.has_next) == (page.cursors, 5, True)
