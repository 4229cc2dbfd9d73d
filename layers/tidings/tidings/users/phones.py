"""Phone numbers: their format, and the groups that limits count."""

import re
from typing import Annotated, Final

from pydantic import StringConstraints

# The format of E.164.
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]

# Fraudsters rent blocks of numbers that differ only in their last digits.
RANGE_DIGITS: Final = 4
# ITU-T E.164: calling codes with two digits. 1 and 7 have one digit, all others three.
_TWO_DIGITS: Final = re.compile("2[07]|3[0-469]|4[0-13-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
# The North American Numbering Plan: the next three digits distinguish twenty countries.
_NORTH_AMERICA: Final = "1"


def number_range(phone: str) -> str:
    """Return the digits that a number shares with its neighbours."""
    return phone[:-RANGE_DIGITS]


def country(phone: str) -> str:
    """Return the digits of a number's country, in North America with the area code."""
    digits = phone.removeprefix("+")
    if digits.startswith(_NORTH_AMERICA):
        return digits[:4]
    if digits.startswith("7"):
        return digits[:1]
    return digits[:2] if _TWO_DIGITS.match(digits) else digits[:3]
