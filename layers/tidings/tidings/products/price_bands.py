"""Bands of prices, by which an index finds a price range in any order of the list.

An index on the price has its entries in the order of prices; a list in another order would read and
sort the whole range. A product is in one band of each width, so a range is a few whole bands, and
each band is a part of an index in the order of the list (docs/decisions/0134).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tidings.products.fields import MAX_AMOUNT

# The narrowest bands are 3 to 6 % of their prices wide; those of each next width have four of them.
BANDS_PER_DOUBLING: Final = 16
TIMES_WIDER: Final = 4
WIDTHS: Final = 5


def groups_of(price: int, currency: str, categories: Sequence[str]) -> list[str]:
    """Return the groups of a product: its currency and its bands, alone and in each category."""
    groups = [currency, *bands_of(price)]
    return [*groups, *(in_category(each, group) for each in categories for group in groups)]


def in_category(category: str, group: str) -> str:
    """Return the group of the products that are in both."""
    return f"{category}/{group}"


def bands_of(price: int) -> list[str]:
    """Return the bands of a price in minor units: one of each width, the narrowest first."""
    narrowest = _narrowest(price)
    return [_name(width, narrowest // TIMES_WIDER**width) for width in range(WIDTHS)]


def bands_between(lowest: int | None, highest: int | None) -> list[str]:
    """Return the fewest bands that contain all prices of a range.

    At both ends they contain prices outside of the range, too.

    Args:
        lowest: the first price of the range in minor units, or None without a lower limit.
        highest: the last price of the range, or None without an upper limit.
    """
    last = LAST if highest is None else _narrowest(highest)
    return list(_covering(_narrowest(lowest or 0), last))


def _covering(first: int, last: int) -> Iterator[str]:
    for width in range(WIDTHS):
        is_widest = width == WIDTHS - 1
        while first <= last and (is_widest or first % TIMES_WIDER):
            yield _name(width, first)
            first += 1
        while first <= last and (last + 1) % TIMES_WIDER:
            yield _name(width, last)
            last -= 1
        first, last = first // TIMES_WIDER, (last + 1) // TIMES_WIDER - 1


def _narrowest(price: int) -> int:
    """Return the number of the narrowest band: its doubling, and the sixteenth of this."""
    shifted = price + BANDS_PER_DOUBLING
    doubling = shifted.bit_length() - BANDS_PER_DOUBLING.bit_length()
    return doubling * BANDS_PER_DOUBLING + (shifted >> doubling) - BANDS_PER_DOUBLING


# The last narrowest band in the widest band of the highest price.
WIDEST: Final = TIMES_WIDER ** (WIDTHS - 1)
LAST: Final = (_narrowest(MAX_AMOUNT) // WIDEST + 1) * WIDEST - 1


def _name(width: int, number: int) -> str:
    return f"{width}:{number}"
