"""The example shop's files: served as they are, complete, and in line with the API's schema."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import build_schema, parse, validate
from shop import shop

from tests.unit.platform.builders import CONTEXT
from tidings.platform import settings

ROOT: Final = Path(__file__).parents[3]
FOLDER: Final = Path(shop.__file__).with_name("page")
FILES: Final = sorted(each.name for each in FOLDER.iterdir())
CONSTANT: Final = re.compile(r"^(?:export )?const (\w+) = `([^`]*)`;$", re.MULTILINE)
EXPORTED: Final = re.compile(r"^export const (\w+)", re.MULTILINE)
IMPORTED: Final = re.compile(r'from "\./([^"]+)"')
LINKED: Final = re.compile(r'(?:href|src)="shop/([^"]+)"')
USED: Final = re.compile(r"\boperations\.([A-Z_]+)")


def get(file: str | None = None, **headers: str) -> dict[str, Any]:
    event = {"pathParameters": {"file": file} if file else None, "headers": headers}
    answer: dict[str, Any] = shop.handler(event, CONTEXT)
    return answer


def text(name: str) -> str:
    return (FOLDER / name).read_text()


def test_page_is_served() -> None:
    answer = get()
    assert (answer["statusCode"], answer["body"]) == (200, text("index.html"))
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_served_with_the_policy(name: str) -> None:
    answer = get(name)
    assert (answer["statusCode"], answer["body"]) == (200, text(name))
    assert "script-src 'self';" in answer["headers"]["Content-Security-Policy"]
    assert answer["headers"]["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_unchanged_file_is_not_sent_again(form: str) -> None:
    tag = get("shop.js")["headers"]["ETag"]
    answer = get("shop.js", **{"if-none-match": form.format(tag)})
    assert (answer["statusCode"], answer["body"]) == (304, "")
    assert answer["headers"]["ETag"] == tag


def test_changed_file_is_sent() -> None:
    tag = get("shop.css")["headers"]["ETag"]
    assert get("shop.js", **{"if-none-match": tag})["statusCode"] == 200


@pytest.mark.parametrize("name", ["other.js", "../shop.py", "%2e%2e/shop.py", ".", "shop.py"])
def test_other_files_are_not_served(name: str) -> None:
    assert get(name)["statusCode"] == 404


@pytest.mark.parametrize("name", [None, "shop.js"])
def test_shop_is_off_by_default(name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDINGS_EXAMPLE_SHOP")
    settings.settings.cache_clear()
    try:
        assert get(name)["statusCode"] == 404
    finally:
        settings.settings.cache_clear()


def test_page_has_no_inline_code() -> None:
    page = text("index.html")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)


def test_links_and_imports_lead_to_files() -> None:
    linked = set(LINKED.findall(text("index.html")))
    imported = {each for name in FILES for each in IMPORTED.findall(text(name))}
    assert linked | imported | {"index.html"} == set(FILES)


def operations() -> dict[str, str]:
    """Return the exported operations, with the constants in them replaced."""
    source = text("operations.js")
    found = dict(CONSTANT.findall(source))
    filled = {
        name: re.sub(r"\$\{(\w+)\}", lambda match: found[match[1]], value)
        for name, value in found.items()
    }
    return {name: filled[name] for name in EXPORTED.findall(source)}


@pytest.mark.parametrize("name", operations())
def test_operation_fits_the_schema(name: str) -> None:
    schema = build_schema((ROOT / "gateway/schema.graphql").read_text())
    assert validate(schema, parse(operations()[name])) == []


def test_each_operation_is_used() -> None:
    used = {each for name in FILES for each in USED.findall(text(name))}
    assert used | {"REFRESH"} == set(operations())
