"""The site of docs/ has every page, links that lead somewhere, and nothing from another host."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

import bootstrap
from tests.contract.project import ROOT

MKDOCS: Final = bootstrap.VENVS / "docs" / "bin" / "mkdocs"
SITE: Final = ROOT / "infra/site"


class ConfigurationLoader(yaml.SafeLoader):
    """Reads mkdocs.yml without calling the functions that it names."""


ConfigurationLoader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def configuration() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((SITE / "mkdocs.yml").read_text(), ConfigurationLoader)
    return loaded


def pages_of(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in pages_of(part)]


def site_links(calls: list[list[str]]) -> list[str]:
    """Call the hook's `with_site_links` in MkDocs' own environment."""
    program = (
        "import json, sys, repository_links as links;"
        "print(json.dumps([links.with_site_links(*each) for each in json.loads(sys.argv[1])]))"
    )
    done = subprocess.run(
        [str(bootstrap.python_of("docs")), "-c", program, json.dumps(calls)],
        cwd=SITE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


LINKS: Final = [
    ("index.md", "[a](docs/api.md#search)", "[a](api.md#search)"),
    ("index.md", "![a](docs/picture.svg)", "![a](picture.svg)"),
    ("api.md", "[a](../README.md)", "[a](index.md)"),
    ("api.md", "[a](../gateway/schema.graphql)", "[a](source/gateway/schema.graphql.txt)"),
    ("decisions/README.md", "[a](../api.md)", "[a](../api.md)"),
    ("decisions/README.md", "[a](../../template.yaml)", "[a](../source/template.yaml.txt)"),
    ("api.md", "[the tests](../tests)", "the tests"),
    ("api.md", "[a](https://example.com/x.md)", "[a](https://example.com/x.md)"),
    ("api.md", "[a](#search)", "[a](#search)"),
    ("api.md", "[a](missing.md)", "[a](missing.md)"),
    ("index.md", "```md\n[a](docs/api.md)\n```\n", "```md\n[a](docs/api.md)\n```\n"),
]


def test_links_of_github_become_links_of_the_site() -> None:
    found = site_links([[text, page] for page, text, _ in LINKS])
    assert found == [expected for _, _, expected in LINKS]


def test_broken_links_are_errors(tmp_path: Path) -> None:
    links = ("missing.md", "index.md#missing", "/index.md")
    text = "# A page\n\n" + "\n".join(f"[a link]({link})" for link in links)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text(text)
    own = {"INHERIT": str(SITE / "mkdocs.yml"), "docs_dir": "docs", "site_dir": "site"}
    (tmp_path / "mkdocs.yml").write_text(
        yaml.safe_dump(own | {"hooks": [], "nav": ["index.md"], "theme": {"name": "mkdocs"}})
    )
    done = subprocess.run([str(MKDOCS), "build"], cwd=tmp_path, capture_output=True, text=True)
    assert "Aborted with 3 warnings in strict mode" in done.stdout
    assert done.returncode != 0
    assert [link for link in links if f"'{link}'" not in done.stderr] == []


def test_each_page_is_in_the_navigation() -> None:
    """MkDocs reports others too; decisions are in their own index."""
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages <= set(pages_of(configuration()["nav"]))


def test_site_needs_no_other_host() -> None:
    found = configuration()
    assert found["theme"]["font"] is False
    assert found["plugins"] == ["search"]
    assert not {"extra_javascript", "extra_css", "repo_url"} & set(found)
    # A diagram of this kind would load its renderer from another host.
    texts = {path.name: path.read_text() for path in (ROOT / "docs").rglob("*.md")}
    assert [name for name, text in texts.items() if re.search(r"^```mermaid", text, re.M)] == []
