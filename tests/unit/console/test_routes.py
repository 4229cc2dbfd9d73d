"""The table of pages, and the search in it."""

import pytest

from pages.table import ROUTES
from tests.unit.console.browser import Browser
from tidings.platform.errors import NotFound
from web.routes import Route, find

ID = "6b0152a6f6b097fd8ed20a9b"


def show(_visit: object) -> None:
    raise AssertionError("not called")


ORDER = Route("orders/{order_id}", show)  # type: ignore[arg-type]


def test_values_of_a_path_are_ids() -> None:
    assert find([ORDER], ("orders", ID)) == (ORDER, {"order_id": ID})


@pytest.mark.parametrize(
    "parts",
    [("orders",), ("orders", "7"), ("orders", f"{ID}\n"), ("tasks", ID), ("orders", ID, "x")],
)
def test_other_paths_are_not_found(parts: tuple[str, ...]) -> None:
    with pytest.raises(NotFound):
        find([ORDER], parts)


def test_each_path_is_there_once() -> None:
    paths = [each.path for each in ROUTES]
    assert len(paths) == len(set(paths))


def test_names_are_read_from_the_browsers_path() -> None:
    assert Browser.url("orders/5") == "https://tidings.example/prefix/stage/console/orders/5"
