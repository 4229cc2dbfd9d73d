"""The discount that a voucher gives, in whole minor units."""

from typing import Final

from tidings.products.currencies import DECIMALS

WHOLE: Final = 10_000


def hundredths_of(percent: str) -> int:
    """Return a per cent such as 12.5 in hundredths of a per cent."""
    whole, _, fraction = percent.partition(".")
    return int(whole + fraction.ljust(2, "0"))


def percent_of(hundredths: int) -> str:
    """Return hundredths of a per cent as a text without needless zeros: 12.5."""
    whole, fraction = divmod(hundredths, 100)
    return f"{whole}.{fraction:02}".rstrip("0").rstrip(".")


def discount_on(subtotal: int, *, amount: int | None, hundredths: int | None) -> int:
    """Return the discount on a sum; never more than the sum.

    A per cent is rounded to the nearest minor unit of the order's currency, a half up.
    """
    if hundredths is not None:
        return (subtotal * hundredths + WHOLE // 2) // WHOLE
    assert amount is not None
    return min(amount, subtotal)


def written(amount: int, currency: str) -> str:
    """Return an amount for a message: `50.00 EUR`."""
    decimals = DECIMALS[currency]
    whole, rest = divmod(amount, 10**decimals)
    return f"{whole}.{rest:0{decimals}} {currency}" if decimals else f"{whole} {currency}"
