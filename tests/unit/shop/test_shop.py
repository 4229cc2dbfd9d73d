"""The example shop's files: served as they are, complete, with operations that exist."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from shop import shop

from infra.contracts.persisted_operations import module
from tests.unit.platform.builders import CONTEXT
from tidings.platform import settings

FOLDER: Final = Path(shop.__file__).with_name("page")
FILES: Final = sorted(each.name for each in FOLDER.iterdir())
EXPORTED: Final = re.compile(r"^export const (\w+)", re.MULTILINE)
IMPORTED: Final = re.compile(r'from "\./([^"]+)"')
LINKED: Final = re.compile(r'(?:href|src)="shop/([^"]+)"')
USED: Final = re.compile(r"\boperations\.([A-Z]\w+)")


def get(file: str | None = None, **headers: str) -> dict[str, Any]:
    event = {
        "httpMethod": "GET",
        "pathParameters": {"file": file} if file else None,
        "headers": headers,
    }
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


def test_operations_are_those_that_make_contracts_writes() -> None:
    assert text("operations.js") == module()


def test_used_operations_exist() -> None:
    known = set(EXPORTED.findall(text("operations.js")))
    used = {each for name in FILES for each in USED.findall(text(name))}
    assert used - known == set()
    assert "PlaceOrder" in used
