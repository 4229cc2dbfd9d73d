from typing import Any

import pytest
from resolvers.connection import connection

from tidings.platform.entry.answers import Reply
from tidings.platform.storage.pagination import Page


def page_of(*items: str, **changes: Any) -> Page[Any]:
    values: dict[str, Any] = {
        "items": list(items),
        "cursors": [f"cursor-{item}" for item in items],
        "count": lambda: 7,
        "limit": 2,
        "page": 1,
        "has_next": True,
        "has_previous": False,
    }
    return Page[Any](**values | changes)


def test_edges_and_nodes_are_the_pages_items() -> None:
    made = connection(page_of("a", "b"))
    assert [(edge.node, edge.cursor) for edge in made.edges] == [
        ("a", "cursor-a"),
        ("b", "cursor-b"),
    ]
    assert made.nodes == ["a", "b"]
    assert made.total_count == 7


def test_page_info_has_the_position_of_the_page() -> None:
    info = connection(page_of("a", "b")).page_info
    assert (info.start_cursor, info.end_cursor) == ("cursor-a", "cursor-b")
    assert (info.has_next_page, info.has_previous_page) == (True, False)


def test_empty_page_has_no_cursors() -> None:
    info = connection(page_of(has_next=False)).page_info
    assert (info.start_cursor, info.end_cursor, info.has_next_page) == (None, None, False)


@pytest.mark.parametrize(
    ("counted", "total", "is_limited"),
    [(9_999, 9_999, False), (10_000, 10_000, False), (10_001, 10_000, True)],
)
def test_total_is_counted_up_to_a_limit(counted: int, total: int, is_limited: bool) -> None:
    made = connection(page_of("a", count=lambda: counted))
    assert (made.total_count, made.total_count_is_limited) == (total, is_limited)
    meta = Reply.of_page(made.page).meta
    assert meta is not None
    assert (meta["total"], meta["total_is_at_least"]) == (total, is_limited)
    assert meta["total_pages"] == -(-total // 2)


def test_list_is_counted_only_for_its_total_and_once() -> None:
    counted: list[int] = []

    def count() -> int:
        counted.append(1)
        return 7

    made = connection(page_of("a", count=count))
    assert (made.nodes, made.page_info.has_next_page, counted) == (["a"], True, [])
    assert (made.total_count, made.total_count, counted) == (7, 7, [1])
