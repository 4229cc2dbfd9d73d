"""The tables of benchmarks as JSON and as charts, and two versions side by side."""

from xml.etree import ElementTree

import pytest

from tidings_local.launcher.developing.bench_chart import chart
from tidings_local.launcher.developing.bench_tables import side_by_side, tables_in

SVG = "{http://www.w3.org/2000/svg}"
TEXT = """Some words.

| call | clients | a second | p50 |
|---|---|---|---|
| `me` | 1 | 1,200.5 | 0.86ms |
| `me` | 8 | 90 | 5.1 ms |

| what | share |
| :-- | --: |
| all | 98 % |
"""


def test_tables_become_json() -> None:
    first, second = tables_in(TEXT)
    assert first.as_json() == [
        {"call": "`me`", "clients": 1.0, "a second": 1200.5, "p50": {"value": 0.86, "unit": "ms"}},
        {"call": "`me`", "clients": 8.0, "a second": 90.0, "p50": {"value": 5.1, "unit": "ms"}},
    ]
    assert second.as_json() == [{"what": "all", "share": {"value": 98.0, "unit": "%"}}]


def test_text_without_a_table_has_none() -> None:
    assert tables_in("no | table\n---\n") == []


def test_two_versions_are_shown_with_the_ratio() -> None:
    after = TEXT.replace("1,200.5", "2,401").replace("5.1 ms", "5.1 ms").replace("90", "45")
    assert side_by_side(tables_in(TEXT), tables_in(after)).splitlines() == [
        "| call | clients | a second | p50 |",
        "| --- | --- | --- | --- |",
        "| `me` | 1 | 1,200.5 -> 2,401 (x 2.00) | 0.86ms |",
        "| `me` | 8 | 90 -> 45 (x 0.50) | 5.1 ms |",
        "",
        "| what | share |",
        "| --- | --- |",
        "| all | 98 % |",
    ]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("2 ms", "1 s", "2 ms -> 1 s"),
        ("0", "3", "0 -> 3"),
        ("-", "3", "- -> 3"),
        ("1", "3", "1 -> 3 (x 3.00)"),
    ],
)
def test_only_numbers_of_one_unit_have_a_ratio(before: str, after: str, shown: str) -> None:
    old, new = (tables_in(f"| a | b |\n|---|---|\n| x | {each} |\n") for each in (before, after))
    last = side_by_side(old, new).splitlines()[-1]
    # A text is part of the row's name, so a row whose text changed is another one.
    assert last == (f"| x | {after} |" if before == "-" else f"| x | {shown} |")


def test_rows_and_columns_of_one_version_only_are_shown_as_they_are() -> None:
    old, new = (
        tables_in("| a | b |\n|---|---|\n| x | 1 |\n"),
        tables_in("| a | c | b |\n|---|---|---|\n| x | 5 | 2 |\n| y | 6 | 7 |\n"),
    )
    assert side_by_side(old, new).splitlines()[2:] == [
        "| x | 5 | 1 -> 2 (x 2.00) |",
        "| y | 6 | 7 |",
    ]


# ---------------------------------------------------------------------- charts


def test_benchmark_names_the_column_to_draw() -> None:
    first, second = tables_in(f"<!-- chart: a second -->\n{TEXT.partition('words.')[2].lstrip()}")
    assert (first.charted, second.charted) == ("a second", None)


def test_chart_has_a_bar_for_each_row_in_proportion() -> None:
    drawn = ElementTree.fromstring(chart(tables_in(TEXT)[0], "a second"))
    texts = [each.text for each in drawn.iter(f"{SVG}text")]
    assert texts == ["a second", "me, 1 clients", "1,200.5", "me, 8 clients", "90"]
    _, long, short = [float(each.get("width") or 0) for each in drawn.iter(f"{SVG}rect")]
    assert short / long == pytest.approx(90 / 1200.5, abs=0.001)


def test_chart_shows_names_with_special_characters_as_they_are() -> None:
    (table,) = tables_in("| a | b |\n|---|---|\n| <x> & y | 0 |\n| none | - |\n")
    drawn = ElementTree.fromstring(chart(table, "b"))
    assert [each.text for each in drawn.iter(f"{SVG}text")] == ["b", "<x> & y", "0"]


@pytest.mark.parametrize("column", ["a", "c"])
def test_chart_of_no_numbers_is_refused(column: str) -> None:
    (table,) = tables_in("| a | b |\n|---|---|\n| x | 1 |\n")
    with pytest.raises(ValueError, match=r"no number|not in list"):
        chart(table, column)
