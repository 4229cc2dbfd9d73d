"""The documents name existing files, headings and tests, and every operation."""

import re
from collections import Counter
from pathlib import Path
from typing import Final, Literal

import pytest
from graphql import GraphQLObjectType, build_schema
from pydantic import BaseModel, Field

from infra.contracts.api_table import FILE, page_with_table
from infra.contracts.charts import charts
from infra.contracts.frequency_table import FILE as DELIVERY_PAGE
from infra.contracts.frequency_table import page_with_frequencies
from infra.contracts.reference import default_of, description, meaning, pages, values_of
from tests.contract.project import ROOT, routes
from tidings.monitoring import exposition, figures
from tidings.platform.errors import NotFound
from tidings.platform.observability import metrics

PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK: Final = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
HEADING_LINK: Final = re.compile(r"\]\((?!https?:)([^)#]*)#([^)]+)\)")
TEST: Final = re.compile(r"`((?:[\w/]+/)?test_\w+\.py)(?:::(\w+))?`")
SECTIONS: Final = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_json_is_passed_to_lambda_as_it_is() -> None:
    """The AWS CLI 2 reads the text of `--payload` as Base64 by default."""
    text = "\n".join(page.read_text() for page in PAGES).replace("\\\n", " ")
    commands = [line for line in text.splitlines() if "lambda invoke" in line]
    given = [line for line in commands if re.search(r"--payload ['\"{]", line)]
    assert len(given) >= 2
    assert all("--cli-binary-format raw-in-base64-out" in line for line in given)


def attacks() -> list[list[str]]:
    """Return the cells of the table of attacks, row by row."""
    page = (ROOT / "docs/security.md").read_text()
    table = page.partition("## Attacks that were tried")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def found(name: str) -> list[Path]:
    """Return the tests of this name, with or without a folder."""
    if "/" in name:
        return [path for path in [ROOT / name] if path.is_file()]
    return list((ROOT / "tests").rglob(name))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_linked_file_exists(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [each for each in links if not (page.parent / each).exists()] == []


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_linked_heading_exists(page: Path) -> None:
    links = HEADING_LINK.findall(page.read_text())
    missing = [
        f"{name}#{anchor}"
        for name, anchor in links
        if anchor not in headings(page.parent / name if name else page)
    ]
    assert missing == []


@pytest.mark.parametrize("row", attacks(), ids=lambda row: row[0][:60])
def test_each_attack_has_existing_tests(row: list[str]) -> None:
    _, what_stops_it, tests = row
    named = TEST.findall(tests)
    assert named or what_stops_it.startswith("not stopped")
    for name, function in named:
        (path,) = found(name)
        assert f"def {function}" in path.read_text()


def test_table_of_operations_is_up_to_date() -> None:
    assert FILE.read_text() == page_with_table(), "run `make contracts`"


def test_table_of_frequencies_is_up_to_date() -> None:
    assert DELIVERY_PAGE.read_text() == page_with_frequencies(), "run `make contracts`"


def test_charts_are_those_of_the_tables_below_them() -> None:
    for file, content in charts().items():
        assert file.read_text() == content, f"{file.name}: run `make contracts`"


def test_the_table_of_operations_names_every_route() -> None:
    page = re.sub(r"{\w+}", "{}", (ROOT / "docs/api.md").read_text())
    named = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`?]*)", page))
    pages = (" /graphql", " /console", " /shop")
    rest = [each for each in routes() if not any(page in each for page in pages)]
    there = {re.sub(r"{\w+}", "{}", route) for route in rest}
    assert sorted(there - named) == []
    assert sorted(each for each in named - there if "/graphql" not in each) == []


@pytest.mark.parametrize("kind", ["Query", "Mutation"])
def test_the_table_of_operations_names_every_field(kind: str) -> None:
    page = (ROOT / "docs/api.md").read_text()
    schema = build_schema((ROOT / "gateway/schema.graphql").read_text(), assume_valid=True)
    fields = schema.type_map[kind]
    assert isinstance(fields, GraphQLObjectType)
    assert [name for name in fields.fields if not re.search(rf"`{name}\b", page)] == []


@pytest.mark.parametrize(
    ("path", "text"), pages().items(), ids=lambda each: getattr(each, "stem", "")
)
def test_reference_page_is_current(path: Path, text: str) -> None:
    assert path.read_text() == text, "run `make contracts`"


class Example(BaseModel):
    number: int = Field(default=4, ge=1, le=9)
    choice: Literal["a", "b"] = "a"
    unset: bool | None = None
    off: bool = False


def test_settings_have_descriptions() -> None:
    with pytest.raises(ValueError, match="the setting number has no description"):
        description("number", Example.model_fields["number"])


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("number", ("number from 1 to 9", "`4`")),
        ("choice", ("`a`, `b`", "`a`")),
        ("unset", ("true or false", "none")),
        ("off", ("true or false", "`false`")),
    ],
)
def test_settings_show_their_values(name: str, cells: tuple[str, str]) -> None:
    field = Example.model_fields[name]
    assert (values_of(field), default_of(field)) == cells


class Nameless(NotFound):
    def __init__(self, message: str) -> None:
        super().__init__(message)


class Named(NotFound):
    def __init__(self, what: str) -> None:
        message = f"There is no {what.upper()} | here."
        super().__init__(message)


class Described(Named):
    """The thing is away.

    For a while.
    """


def test_errors_are_described_by_docstring_or_message() -> None:
    assert meaning(Described) == "The thing is away."
    assert meaning(Named) == "“There is no {what.upper()} | here.”"
    with pytest.raises(ValueError, match="Nameless has neither"):
        meaning(Nameless)


def test_metrics_have_a_row() -> None:
    """The page names each metric that /metrics has, and no other."""
    files = (exposition.__file__, figures.__file__, metrics.__file__)
    code = [Path(file) for file in files]
    names = {
        name for path in code for name in re.findall(r'f?"(tidings_[a-z_{}]+)"', path.read_text())
    }
    (pattern,) = (name for name in names if "{" in name)
    names -= {pattern}
    names |= {pattern.format(service=service) for service in ("redis", "redis_cache")}
    page = (ROOT / "docs/monitoring.md").read_text().partition("## The metrics of the functions")[2]
    rows = page.partition("\n## ")[0]
    assert set(re.findall(r"tidings_[a-z]+(?:_[a-z]+)*?(?=_total|[`{])", rows)) == names


def test_release_has_each_kind_of_change_once() -> None:
    releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    for release in releases:
        kinds = re.findall(r"^### (.+)$", release, re.MULTILINE)
        assert [kind for kind, times in Counter(kinds).items() if times > 1] == []
        assert [kind for kind in kinds if kind not in SECTIONS] == []
