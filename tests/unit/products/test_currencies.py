import pytest

from tidings.products.currencies import DECIMALS, known


def test_every_code_is_three_capital_letters() -> None:
    assert len(DECIMALS) == 155
    assert all(code.isascii() and code.isalpha() and code.isupper() for code in DECIMALS)
    assert {len(code) for code in DECIMALS} == {3}


@pytest.mark.parametrize(
    ("code", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLP", 0), ("MGA", 2)]
)
def test_currency_has_its_decimals(code: str, decimals: int) -> None:
    assert known(code) == code
    assert DECIMALS[code] == decimals


@pytest.mark.parametrize(
    "code",
    [
        *("EURO", "eur", "", "XXX", "XTS", "XAU", "CHE"),
        *("DEM", "HRK", "SLL", "ZWL", "BGN", "ANG", "CUC"),
    ],
)
def test_what_nothing_is_sold_for_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        known(code)
