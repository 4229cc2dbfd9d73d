"""Each decision has a number, a title, a date, a status and a row in the index."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.contract.project import ROOT

DECISIONS: Final = ROOT / "docs/decisions"
PAGES: Final = sorted(DECISIONS.glob("[0-9]*.md"))
HEAD: Final = re.compile(
    r"# (?P<number>\d+)\. (?P<title>[A-Z].+)\n\n"
    r"Date: (?P<date>\d{4}-\d\d-\d\d)\. Status: (?P<status>accepted|superseded)\b"
)
SUPERSEDED: Final = re.compile(r"Status: superseded by \[decision (\d+)\]\((\d{4})-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_decision_has_a_title_a_date_a_status_and_a_row_in_the_index(page: Path) -> None:
    head = HEAD.match(page.read_text())
    assert head, "# <number>. <title>, then Date: <date>. Status: <status>."
    number, title, date, status = head.groups()
    assert int(page.name[:4]) == int(number)
    row = f"| {number} | [{title}]({page.name}) | {status} | {date} |"
    assert row in (DECISIONS / "README.md").read_text().splitlines()


def test_decision_numbers_are_unique() -> None:
    numbers = [page.name[:4] for page in PAGES]
    assert sorted(set(numbers)) == numbers


def test_index_lists_the_decisions_in_order() -> None:
    rows = re.findall(r"^\| (\d+) \|", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == [int(page.name[:4]) for page in PAGES]


def test_superseded_decision_names_the_one_that_replaced_it() -> None:
    numbers = {page.name[:4] for page in PAGES}
    for page in PAGES:
        if "Status: superseded" in (text := page.read_text()):
            replaced = SUPERSEDED.search(text)
            assert replaced, page.name
            assert replaced[2] in numbers
