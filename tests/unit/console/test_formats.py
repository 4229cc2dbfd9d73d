"""Numbers, times, durations and small charts."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rendering.formats import Formats
from rendering.sparklines import sparkline

AT = datetime(2026, 3, 9, 17, 5, 7, 123000, tzinfo=UTC)
NONE = "\u2013"


@pytest.mark.parametrize(("language", "expected"), [("en", "1,234,567.9"), ("de", "1.234.567,9")])
def test_numbers_follow_the_language(language: str, expected: str) -> None:
    assert Formats(language).number(1234567.89, 1) == expected
    assert Formats(language).number(None) == NONE


def test_times_are_in_utc_and_exact_for_machines() -> None:
    shown = Formats("en").time(AT.astimezone(timezone(timedelta(hours=9))))
    assert 'datetime="2026-03-09T17:05:07.123Z"' in shown
    assert ">9 Mar 2026, 17:05:07<" in shown
    assert ">09.03.2026, 17:05:07<" in Formats("de").time(AT)
    assert ">17:05:07<" in Formats("de").clock(AT)
    assert Formats("en").time(None) == NONE


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0042, "4 ms"),
        (3.25, "3.2 s"),
        (42, "42 s"),
        (200, "3 min 20 s"),
        (3_600, "1 h"),
        (90_061, "1 d 1 h"),
        (None, NONE),
    ],
)
def test_durations_have_two_units(seconds: float | None, expected: str) -> None:
    assert Formats("en").duration(seconds) == expected


@pytest.mark.parametrize(
    ("language", "amount", "currency", "expected"),
    [
        ("en", 129_900, "EUR", "1,299.00 EUR"),
        ("de", 129_900, "EUR", "1.299,00 EUR"),
        ("en", 5, "KWD", "0.005 KWD"),
        ("en", 1_299, "JPY", "1,299 JPY"),
        ("en", 0, "EUR", "0.00 EUR"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    language: str, amount: int, currency: str, expected: str
) -> None:
    assert Formats(language).money(amount, currency) == expected


def test_per_cents_follow_the_language() -> None:
    assert (Formats("en").percent("12.5"), Formats("de").percent("12.5")) == ("12.5%", "12,5 %")


def test_share_of_nothing_is_nothing() -> None:
    assert Formats("en").share(0, 0) == "0.0%"
    assert Formats("de").share(1, 8) == "12,5 %"


def test_sparkline_stays_in_its_box_and_says_what_it_shows() -> None:
    chart = sparkline([0, 5, None, 10], '<b>"queue"')
    assert 'aria-label="&lt;b&gt;&#34;queue&#34;"' in chart
    numbers = [float(each) for each in re.findall(r"[\d.]+(?=,)|(?<=,)[\d.]+", str(chart))]
    assert numbers
    assert all(0 <= each <= 120 for each in numbers)


@pytest.mark.parametrize("values", [[], [3.0], [None, None, 2.0], [0.0, 0.0]])
def test_sparkline_needs_two_values(values: list[float | None]) -> None:
    assert sparkline(values, "x") == ""
