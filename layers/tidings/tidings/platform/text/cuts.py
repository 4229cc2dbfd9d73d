"""Cut text at whole characters as people see them (grapheme clusters, UAX #29).

A slice of a `str` cuts between code points. It can leave half of a family emoji, one letter of a
flag, or a letter without its accent.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from regex import Pattern

ELLIPSIS: Final = "…"
# A longer cluster (a letter with hundreds of marks) is cut between its code points. Otherwise one
# such character could hide a whole text.
MAX_CLUSTER: Final = 64


def cut(text: str, at_most: int, *, ellipsis: str = "") -> str:
    """Return the longest start of a text that fits, in whole characters.

    Args:
        text: of any length.
        at_most: the maximum number of code points of the result, with its ellipsis.
        ellipsis: is appended to a text that was cut; blanks before it are removed.
    """
    if len(text) <= at_most:
        return text
    return _ended(text[: _boundary(text, at_most - len(ellipsis))], ellipsis)


def cut_to_fit(text: str, fits: Callable[[str], bool], *, ellipsis: str = ELLIPSIS) -> str:
    """Return the text if it fits, otherwise its longest start of whole characters that fits.

    Args:
        text: of any length.
        fits: says whether a text fits; it must be true for every shorter start, too.
        ellipsis: is appended to a text that was cut.
    """
    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(text[:middle] + ellipsis):
            low = middle
        else:
            high = middle - 1
    return _ended(text[: _boundary(text, low)], ellipsis)


def cut_bytes(text: str, at_most: int) -> str:
    """Return the longest start of a text, in whole characters, that fits into UTF-8 bytes."""
    return cut_to_fit(text, lambda part: len(part.encode(errors="replace")) <= at_most, ellipsis="")


def _ended(start: str, ellipsis: str) -> str:
    return start.rstrip() + ellipsis if ellipsis else start


def _boundary(text: str, at_most: int) -> int:
    """Return the end of the last whole character that ends at or before `at_most`."""
    if at_most <= 0:
        return 0
    if text[: at_most + 1].isascii():
        # The only cluster of several ASCII characters is CR LF.
        splits_line_end = text[at_most - 1 : at_most + 1] == "\r\n"
        return at_most - 1 if splits_line_end else min(at_most, len(text))
    end = 0
    for cluster in _clusters().finditer(text):
        if cluster.end() > at_most:
            return at_most if len(cluster[0]) > MAX_CLUSTER else end
        end = cluster.end()
    return end


@cache
def _clusters() -> "Pattern[str]":
    # Most texts are ASCII, and most functions shorten no other.
    import regex

    return regex.compile(r"\X")
