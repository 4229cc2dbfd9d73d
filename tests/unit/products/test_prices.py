"""Decimal numbers in files are read by their value, without guesses."""

import pytest

from tidings.products.prices import NoNumber, minor_units, whole_number


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("34", "EUR", 3400),
        ("34.5", "EUR", 3450),
        ("34.0000", "EUR", 3400),
        ("34.5000000000", "EUR", 3450),
        ("0034.50", "EUR", 3450),
        ("0", "EUR", 0),
        ("0.00", "EUR", 0),
        ("1500.00", "JPY", 1500),
        ("1500", "JPY", 1500),
        ("12.3450", "KWD", 12345),
        ("1.23450", "CLF", 12345),
        ("15000000.00", "IDR", 1_500_000_000),
        ("0." + "0" * 50, "EUR", 0),
    ],
)
def test_only_the_value_counts_not_its_digits(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is missing"),
        ("34.001", "has too many decimals; EUR has 2"),
        ("34.0010", "has too many decimals; EUR has 2"),
        ("12,50", "comma"),
        ("1,234", "comma"),
        ("1.234,56", "thousands"),
        ("1,234.56", "thousands"),
        ("1,234,567", "thousands"),
        ("1 234.56", "thousands"),
        ("1\u00a0234.56", "thousands"),
        ("1\u202f234,56", "thousands"),
        ("1'234.56", "thousands"),
        ("1\u2019234.56", "thousands"),
        ("1_000", "thousands"),
        ("1.2.3", "thousands"),
        ("1e3", "exponent"),
        ("1.5E+07", "exponent"),
        ("+5", "sign"),
        ("-0", "sign"),
        ("-1.50", "sign"),
        ("\u22121", "sign"),
        ("(5.00)", "sign"),
        (".5", "both sides"),
        ("5.", "both sides"),
        (".", "both sides"),
        ("\uff11\uff12", "other digits"),
        ("\u0661\u0662", "other digits"),
        ("12\u00b2", "not a number"),
        ("\u20ac12.50", "currency signs"),
        ("12.50 EUR", "currency signs"),
        ("$1", "currency signs"),
        ("Infinity", "not a number"),
        ("NaN", "not a number"),
        ("0x10", "not a number"),
        ("1/2", "not a number"),
        ("#REF!", "not a number"),
        ("=1+1", "not a number"),
        ("9" * 5_000, "over 60 characters"),
    ],
)
def test_other_texts_are_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(NoNumber) as refused:
        minor_units(text, "EUR")
    assert reason in str(refused.value)


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("7.0000", 7), ("0", 0), ("007", 7)])
def test_stock_is_a_whole_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["7.5", "0.001"])
def test_fraction_of_stock_is_refused(text: str) -> None:
    with pytest.raises(NoNumber, match="is not a whole number"):
        whole_number(text)
