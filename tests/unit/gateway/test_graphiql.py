"""Browsers get GraphiQL; pages of other sites may call the gateway only if a setting lists them."""

import base64
import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import graphiql
import pytest
from graphiql import START

from tests.unit.gateway.builders import send
from tidings.platform import settings

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OURS, FOREIGN = "https://shop.example.com", "https://evil.example.com"


def test_browser_gets_a_page() -> None:
    answer = send("GET", headers=BROWSER)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "GraphiQL" in answer.text


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a gateway that serves these files."""
    shutil.copy(graphiql.HERE / "graphiql.json", tmp_path)
    monkeypatch.setattr(graphiql, "HERE", tmp_path)
    for kept in (graphiql.files, graphiql.file, graphiql._addresses):
        kept.cache_clear()
    yield tmp_path
    for kept in (graphiql.files, graphiql.file, graphiql._addresses):
        kept.cache_clear()


@pytest.fixture
def vendored(place: Path) -> Path:
    (place / "vendor").mkdir()
    for name in graphiql.files():
        (place / "vendor" / name).write_bytes(f"/* {name} */\r\n".encode())
    return place


def test_page_loads_the_gateways_own_files(vendored: Path) -> None:
    answer = send("GET", headers=BROWSER)
    assert "https://" not in answer.text
    assert "script-src 'self' 'sha256-" in answer.headers["content-security-policy"]
    for name in graphiql.files():
        assert f'"graphql/{name}"' in answer.text
        file = send("GET", file=name)
        assert (file.status, file.text) == (200, f"/* {name} */\r\n")
        assert file.headers["content-type"].startswith("text/")
        assert "immutable" in file.headers["cache-control"]


@pytest.mark.parametrize("name", ["graphiql.json", "../app.py", "..%2fapp.py", "", "\x00"])
def test_no_other_file_is_served(name: str, vendored: Path) -> None:
    assert graphiql.file(name) is None


@pytest.mark.parametrize("name", ["graphiql.json", "..%2fapp.py"])
def test_unknown_file_is_404(name: str, vendored: Path) -> None:
    assert send("GET", file=name).status == 404


def test_without_the_files_pinned_ones_come_from_a_cdn_with_their_hashes(place: Path) -> None:
    page = send("GET", headers=BROWSER).text
    loaded = re.findall(r"<(?:script src|link rel=\"stylesheet\" href)=\"([^\"]+)\"([^>]*)>", page)
    assert len(loaded) == 4
    for address, attributes in loaded:
        assert re.search(r"@\d+\.\d+\.\d+/", address)
        assert re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}"', attributes)


def test_policy_lets_no_other_script_run() -> None:
    answer = send("GET", headers=BROWSER)
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    digest = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy["script-src"]
    assert f"<script>{START}</script>" in answer.text
    assert policy["connect-src"] == "'self'"


def test_query_of_a_browser_is_answered_like_any_other() -> None:
    answer = send("GET", parameters={"query": "{__typename}"}, headers=BROWSER)
    assert answer.content == {"data": {"__typename": "Query"}}


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    open_to = settings.Settings.model_validate(
        {"cors_origins": f"{OURS},https://admin.example.com"}
    )
    monkeypatch.setattr("tidings.platform.entry.cors.settings", lambda: open_to)


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_no_other_site_may_call_unless_it_is_listed(method: str) -> None:
    answer = send(method, {"query": "{__typename}"}, headers={"origin": OURS})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.usefixtures("allowed")
def test_listed_site_may_call() -> None:
    asked = send("OPTIONS", headers={"origin": OURS})
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == OURS
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    answer = send("POST", {"query": "{__typename}"}, headers={"origin": OURS})
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("origin", [FOREIGN, f"{OURS}.evil.example.com", "null", "", OURS + "/"])
def test_site_that_is_not_listed_may_not(origin: str) -> None:
    for method in ("OPTIONS", "POST"):
        answer = send(method, {"query": "{__typename}"}, headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origins", ["example.com", "https://a.example.com,", "https://a b"])
def test_malformed_list_of_sites_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        settings.Settings.model_validate({"cors_origins": origins})
