from typing import Any

from resolvers.connection import connection

from tidings.platform.storage.pagination import Page


def page_of(*items: str, **changes: Any) -> Page[Any]:
    values: dict[str, Any] = {
        "items": list(items),
        "cursors": [f"cursor-{item}" for item in items],
        "total": 7,
        "limit": 2,
        "page": 1,
        "has_next": True,
        "has_previous": False,
    }
    return Page[Any].model_construct(**values | changes)


def test_edges_and_nodes_are_the_pages_items() -> None:
    made = connection(page_of("a", "b"))
    assert [(edge.node, edge.cursor) for edge in made.edges] == [
        ("a", "cursor-a"),
        ("b", "cursor-b"),
    ]
    assert made.nodes == ["a", "b"]
    assert made.total_count == 7


def test_page_info_says_where_it_stands() -> None:
    info = connection(page_of("a", "b")).page_info
    assert (info.start_cursor, info.end_cursor) == ("cursor-a", "cursor-b")
    assert (info.has_next_page, info.has_previous_page) == (True, False)


def test_empty_page_has_no_cursors() -> None:
    info = connection(page_of(has_next=False)).page_info
    assert (info.start_cursor, info.end_cursor, info.has_next_page) == (None, None, False)
