"""Parse decimal numbers by their value, not their digits.

`34.0000` EUR is 34.00 EUR, and 34.001 EUR is not a price. Nothing is guessed: `1,234` could mean a
thousand or one, so thousands separators and commas are refused.
"""

import re
from typing import Final

from tidings.products.currencies import DECIMALS

MAX_CHARACTERS: Final = 60
DECIMAL: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
# Patterns of refused texts, with the reason; the first match is reported.
OTHERWISE: Final = (
    (re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+"), "has an exponent; write all digits"),
    (re.compile(r"[+\-\u2212(].*"), "has a sign; write only digits and a point"),
    (re.compile(r"[0-9]*\.|\.[0-9]*"), "needs digits on both sides of its point"),
    (re.compile(r"[0-9]+,[0-9]+"), "has a comma; write a point, and no thousands separators"),
    (re.compile(r"[0-9.,'\u2019\s\u00a0\u202f_]+"), "has thousands separators; write 1234.56"),
    (re.compile(r"[\d.,]+"), "has other digits than 0 to 9"),
)
NO_NUMBER: Final = "is not a number like 12.50; write no currency signs and words"


class NoNumber(ValueError):
    """A text is not the wanted number; the message gives the reason, without a subject."""


def minor_units(text: str, currency: str) -> int:
    """Return a price such as 12.50 in the currency's minor units.

    Raises:
        NoNumber: the text is not a decimal number, or not a whole number of minor units.
    """
    decimals = DECIMALS[currency]
    return _scaled(text, decimals, f"has too many decimals; {currency} has {decimals}")


def whole_number(text: str) -> int:
    """Return a number of pieces; some programs write `7.0000`.

    Raises:
        NoNumber: the text is not a whole number.
    """
    return _scaled(text, 0, "is not a whole number")


def _scaled(text: str, decimals: int, too_fine: str) -> int:
    """Return a number times ten to the power of `decimals`."""
    if not text:
        raise NoNumber("is missing")
    if len(text) > MAX_CHARACTERS:
        raise NoNumber(f"has over {MAX_CHARACTERS} characters")
    found = DECIMAL.fullmatch(text)
    if found is None:
        raise NoNumber(next((why for how, why in OTHERWISE if how.fullmatch(text)), NO_NUMBER))
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > decimals:
        raise NoNumber(too_fine)
    return int(found[1] + fraction.ljust(decimals, "0"))
