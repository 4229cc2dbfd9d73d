"""The currencies are those of ISO 4217, as published by SIX."""

from pathlib import Path

import pytest

from tidings.products.currencies import DECIMALS, known

LIST_ONE = Path(__file__).with_name("iso-4217-list-one-2026-01-01.txt")
PUBLISHED = {
    code: decimals
    for code, decimals, _ in (
        line.split(maxsplit=2)
        for line in LIST_ONE.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
}


def test_every_currency_with_minor_units_has_its_decimals() -> None:
    assert {code: str(decimals) for code, decimals in DECIMALS.items()} == {
        code: decimals for code, decimals in PUBLISHED.items() if decimals != "N.A."
    }
    assert len(PUBLISHED) == 178


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        *(("EUR", 2), ("IDR", 2), ("COP", 2), ("JPY", 0), ("CLP", 0), ("UYI", 0)),
        *(("KWD", 3), ("MGA", 2), ("CLF", 4), ("UYW", 4)),
    ],
)
def test_currency_has_its_decimals(code: str, decimals: int) -> None:
    assert known(code) == code
    assert DECIMALS[code] == decimals


@pytest.mark.parametrize(
    "code",
    [
        *("EURO", "eur", "", "XXX", "XTS", "XAU", "XAG", "XDR", "XBA"),
        *("DEM", "HRK", "SLL", "ZWL", "BGN", "ANG", "CUC"),
    ],
)
def test_code_without_minor_units_or_out_of_use_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        known(code)
