"""Tests of the headers of every answer, with each frame."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.platform.builders import CONTEXT, api_event
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import EndpointContract, endpoint, public_document
from tidings.platform.entry.pages import Page, page
from tidings.platform.entry.plain_text import plain_text
from tidings.platform.entry.requests import Request
from tidings.platform.operation import PUBLIC
from tidings.platform.storage import database


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)


@endpoint(EndpointContract(role=PUBLIC))
def answers(_: Request[None]) -> Reply:
    return Reply({"access_token": "secret"})


@endpoint(EndpointContract(role=PUBLIC))
def fails(_: Request[None]) -> Reply:
    raise RuntimeError


@endpoint(EndpointContract(role=PUBLIC))
def says_otherwise(_: Request[None]) -> Reply:
    return Reply({}, headers={"cache-control": "public, max-age=60"})


@public_document(max_age_seconds=60)
def document() -> dict[str, Any]:
    return {}


@page()
def a_page(_: Mapping[str, str]) -> Page:
    return Page("Title", "Text")


@page()
def broken_page(_: Mapping[str, str]) -> Page:
    raise RuntimeError


@plain_text(media_type="text/plain", kept_seconds=0, check=lambda _: None)
def text() -> str:
    return "text"


@plain_text(media_type="text/plain", kept_seconds=0, check=lambda _: None)
def broken_text() -> str:
    raise RuntimeError


every_frame = pytest.mark.parametrize(
    "handler", [answers, fails, says_otherwise, document, a_page, broken_page, text, broken_text]
)


def headers_of(handler: Any, **headers: str) -> dict[str, str]:
    answered: dict[str, str] = handler(api_event(headers=headers), CONTEXT)["headers"]
    return {name.lower(): value for name, value in answered.items()}


@every_frame
def test_answer_forbids_sniffing_and_requires_https(handler: Any) -> None:
    headers = headers_of(handler)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-correlation-id"]


@pytest.mark.parametrize("handler", [answers, fails, a_page, broken_page, text, broken_text])
def test_answer_is_not_cached_unless_declared(handler: Any) -> None:
    assert headers_of(handler)["cache-control"] == "no-store"


@pytest.mark.parametrize("handler", [says_otherwise, document])
def test_cacheable_answer_has_one_cache_header(handler: Any) -> None:
    answered = handler(api_event(), CONTEXT)["headers"]
    said = [value for name, value in answered.items() if name.lower() == "cache-control"]
    assert said == ["public, max-age=60"]


@pytest.mark.parametrize(
    ("proto", "promised"),
    [
        ("https", True),
        ("https,http", True),
        ("http", False),
        ("http, https", False),
        ("HTTP", True),
    ],
    ids=["https", "https behind a proxy", "http", "http behind a proxy", "what LocalStack says"],
)
def test_hsts_is_sent_unless_a_proxy_reports_http(proto: str, promised: bool) -> None:
    headers = headers_of(answers, **{"X-Forwarded-Proto": proto})
    assert ("strict-transport-security" in headers) == promised
