"""Pages as Relay cursor connections (https://relay.dev/graphql/connections.htm)."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from tidings.platform.storage.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page, PageRequest


class PageArguments(PageRequest):
    """A page request under Relay's names, so that errors name the argument."""

    limit: int = Field(DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE, alias="first")


@dataclass(frozen=True)
class Edge:
    node: Any
    cursor: str


@dataclass(frozen=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True)
class Connection:
    edges: list[Edge]
    nodes: list[Any]
    page_info: PageInfo
    page: Page[Any]

    @property
    def total_count(self) -> int:
        """The size of the whole list, which is counted only for documents that ask for it."""
        return self.page.total

    @property
    def total_count_is_limited(self) -> bool:
        """Whether the list has more items than the total, up to which it was counted."""
        return self.page.total_is_at_least


def connection(page: Page[Any]) -> Connection:
    """Return a page in the form that Relay clients expect."""
    return Connection(
        edges=[Edge(*each) for each in zip(page.items, page.cursors, strict=True)],
        nodes=page.items,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        page=page,
    )
