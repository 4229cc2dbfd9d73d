"""Tests of the table of the slowest tests."""

from pathlib import Path

import pytest

from tidings_local.launcher.developing.slowest import COUNT, TimedTest, slowest, table


def report(path: Path, *cases: tuple[str, str, float]) -> Path:
    rows = "".join(
        f'<testcase classname="{module}" name="{name}" time="{seconds}"/>'
        for module, name, seconds in cases
    )
    path.write_text(f"<testsuites><testsuite>{rows}</testsuite></testsuites>")
    return path


def test_slowest_of_all_runs_come_first(tmp_path: Path) -> None:
    first = report(tmp_path / "1.xml", ("tests.unit.test_a", "test_x", 0.2), ("t.b", "test_y", 3))
    second = report(tmp_path / "2.xml", ("tests.e2e.test_c", "test_z[a-b]", 1.5))
    assert slowest([first, second]) == [
        TimedTest(3.0, "t/b::test_y"),
        TimedTest(1.5, "tests/e2e/test_c::test_z[a-b]"),
        TimedTest(0.2, "tests/unit/test_a::test_x"),
    ]


def test_table_has_at_most_ten_tests(tmp_path: Path) -> None:
    many = report(tmp_path / "1.xml", *(("t", f"test_{each}", each) for each in range(30)))
    found = slowest([many])
    assert [each.seconds for each in found] == list(range(29, 29 - COUNT, -1))


@pytest.mark.parametrize("content", [None, "", "<testsuites><testcase"])
def test_report_of_a_run_that_was_stopped_has_no_tests(tmp_path: Path, content: str | None) -> None:
    whole = report(tmp_path / "1.xml", ("t", "test_x", 1))
    broken = tmp_path / "2.xml"
    if content is not None:
        broken.write_text(content)
    assert slowest([broken, whole]) == [TimedTest(1.0, "t::test_x")]


def test_table_has_a_line_for_each() -> None:
    assert table([TimedTest(12.34, "t::test_x")]) == [
        "the tests that took longest:",
        "   12.3 s  t::test_x",
    ]
    assert table([]) == []
