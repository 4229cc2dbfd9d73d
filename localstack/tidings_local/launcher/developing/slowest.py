"""List the slowest tests of several runs of pytest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

COUNT = 10


class TimedTest(NamedTuple):
    """A test with the seconds of its setup, call and teardown."""

    seconds: float
    name: str


def slowest(reports: Iterable[Path]) -> list[TimedTest]:
    """Return the slowest tests of all reports (JUnit's XML), the slowest first.

    A report that is missing or broken has no tests: its run was stopped before it was written.
    """
    found = [test for report in reports for test in _tests_in(report)]
    return sorted(found, key=lambda test: (-test.seconds, test.name))[:COUNT]


def table(tests: Iterable[TimedTest]) -> list[str]:
    """Return the lines of a table, or none without tests."""
    rows = [f"{test.seconds:7.1f} s  {test.name}" for test in tests]
    return ["the tests that took longest:", *rows] if rows else []


def _tests_in(report: Path) -> Iterator[TimedTest]:
    try:
        cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 (pytest wrote it)
    except (OSError, ElementTree.ParseError):
        return
    for case in cases:
        module = case.get("classname", "").replace(".", "/")
        yield TimedTest(float(case.get("time", "0")), f"{module}::{case.get('name')}")
