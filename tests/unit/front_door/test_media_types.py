import pytest

from tidings_local.front_door.media_types import BinaryMediaTypes

TYPES = BinaryMediaTypes(["text/csv", "image/*", "application/x-ndjson; v=1"])


@pytest.mark.parametrize(
    "header",
    [
        "text/csv",
        "Text/CSV",
        "text/csv; charset=utf-16",
        " text/csv ;x",
        "image/png",
        "application/x-ndjson",
        "text/csv, application/json",
    ],
)
def test_bytes(header: str) -> None:
    assert TYPES.include(header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "text",
        "text/plain",
        "*/*",
        "images/png",
        "application/json, text/csv",
        "/",
        "image",
    ],
)
def test_text(header: str | None) -> None:
    assert not TYPES.include(header)


@pytest.mark.parametrize("header", [None, "", "application/json", "*/*"])
def test_all_types(header: str | None) -> None:
    assert BinaryMediaTypes(["*/*"]).include(header)
    assert not BinaryMediaTypes([]).include(header)
