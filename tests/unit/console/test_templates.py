"""The templates hold no loose text and nothing that the Content-Security-Policy forbids."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from rendering.environment import FOLDER, environment

TEMPLATES: Final = sorted(FOLDER.glob("*.html"))
TEMPLATE_CODE: Final = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
# Units, names and signs that are the same in all languages.
SAME_EVERYWHERE: Final = re.compile(r"UTC|p50|p95|[\W\d_]+")
SPOKEN: Final = {"title", "alt", "placeholder", "aria-label", "data-label", "label"}

each_template = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)


class Reader(HTMLParser):
    """Collects the texts and the attributes of a template."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(source: str) -> Reader:
    """Return what a template contains besides its code."""
    reader = Reader()
    reader.feed(TEMPLATE_CODE.sub("", source))
    return reader


def loose_texts(source: str) -> list[str]:
    reader = read(source)
    spoken = [value for _, name, value in reader.attributes if name in SPOKEN]
    words = [SAME_EVERYWHERE.sub(" ", each).strip() for each in (*reader.texts, *spoken)]
    return [each for each in words if each]


def forbidden(source: str) -> list[str]:
    found = [
        f"<{tag} {name}>"
        for tag, name, _ in read(source).attributes
        if name == "style" or name.startswith("on")
    ]
    if re.search(r"<script(?![^>]*\bsrc=)", source) or "<style" in source:
        found.append("inline code")
    return found


@each_template
def test_template_compiles(path: Path) -> None:
    assert environment().get_template(path.name)


@each_template
def test_template_has_no_loose_text(path: Path) -> None:
    assert loose_texts(path.read_text(encoding="utf-8")) == []


@each_template
def test_template_has_nothing_inline(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


@each_template
def test_template_escapes_everything(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape", source)


@each_template
def test_every_form_that_changes_something_sends_the_token(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", source, re.DOTALL)
    assert [each[:80] for each in forms if "parts.token()" not in each] == []


@pytest.mark.parametrize("source", ["<p>Words</p>", '<a title="Words">{{ x }}</a>'])
def test_rule_on_loose_texts_finds_them(source: str) -> None:
    assert loose_texts(source) == ["Words"]


@pytest.mark.parametrize(
    "source", ['<p style="x">', '<p onclick="x">', "<script>x</script>", "<style>x</style>"]
)
def test_rule_on_inline_code_finds_it(source: str) -> None:
    assert forbidden(source)
