"""Read the commands of the pages, so that tests run them unchanged.

A command is a block of the language `sh`. A comment right before it, `<!-- not run: reason -->`,
takes it from the tests. A block right below it, without text between, shows its output; `...` in it
stands for any text.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bootstrap import ROOT

NOT_RUN: Final = re.compile(r"<!-- not run: (.+?) -->\s*", re.DOTALL)

RUN_ON_THE_STACK: Final = (
    ("docs/start.md", "docs/templates.md", "docs/campaigns.md"),
    ("docs/clients.md",),
    ("docs/send-api.md",),
    ("docs/scheduled-rules.md",),
)
"""The pages whose commands tests/e2e/test_pages.py runs, each group in one shell; tutorial.py has
another one."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    page: str
    line: int
    heading: str
    language: str
    code: str
    not_run: str | None = None
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return the pages that people read to do something; decisions are a record."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of code of a page, in order."""
    return blocks_in((ROOT / page).read_text(encoding="utf-8"), page)


def blocks_in(text: str, page: str) -> list[Block]:
    tokens, heading = MarkdownIt("commonmark").parse(text), ""
    found = []
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[number + 1].content
        if token.type == "fence":
            before, after = tokens[number - 1], tokens[number + 1 : number + 2]
            found.append(_block(page, heading, before, token, after))
    return found


def _block(page: str, heading: str, before: Token, token: Token, after: list[Token]) -> Block:
    assert token.map is not None
    said = NOT_RUN.fullmatch(before.content) if before.type == "html_block" else None
    shown = [each.content for each in after if each.type == "fence" and each.info != "sh"]
    return Block(
        page=page,
        line=token.map[0] + 1,
        heading=heading,
        language=token.info,
        code=token.content,
        not_run=" ".join(said[1].split()) if said else None,
        output=shown[0] if shown and token.info == "sh" else None,
    )


def commands_of(page: str) -> list[Block]:
    """Return the commands of a page that tests run."""
    return [each for each in blocks_of(page) if each.language == "sh" and each.not_run is None]


def commands(page: str, heading: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a language below a heading of a page of docs/, up to the next one.

    Raises:
        LookupError: the page has no such heading, or no block of the language below it.
    """
    blocks = [each for each in blocks_of(f"docs/{page}") if each.heading == heading]
    found = [each.code for each in blocks if each.language == language]
    if not found:
        raise LookupError(f"{page}: no {language} below {heading!r}")
    return found
