"""Validate text that people must be able to read: some of it is visible, and nothing misleads.

`\\s` matches only white space. Unicode has many more invisible characters: format characters,
fillers, variation selectors, the empty Braille pattern. A name of only these looks empty.
"""

import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# The validation context for our own stored documents: an earlier version may have accepted text
# that is refused now, and it must stay readable.
STORED: Final = "stored"

Range = tuple[int, int]

# Control characters and line breaks. Characters that embed, override or isolate a writing direction
# (UAX #9) can make the words around them read backwards.
_NO_LINE: Final[tuple[Range, ...]] = ((0, 0x1F), (0x7F, 0x9F), (0x2028, 0x202E), (0x2066, 0x2069))
# The same without tabs, line breaks and isolates, which end with their paragraph.
_NO_TEXT: Final[tuple[Range, ...]] = (
    (0, 8),
    (0xB, 0xC),
    (0xE, 0x1F),
    (0x7F, 0x7F),
    (0x202A, 0x202E),
)

# Characters that are always invisible, besides white space.
_BLANKS: Final[tuple[Range, ...]] = (
    (0x7F, 0xA0),
    (0xAD, 0xAD),  # soft hyphen
    (0x34F, 0x34F),  # combining grapheme joiner
    (0x61C, 0x61C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors and vowel separator
    (0x200B, 0x200B),
    (0x200E, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),  # empty Braille pattern
    (0x3164, 0x3164),  # Hangul filler
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFC),
    (0x13430, 0x13440),
    (0x16FE4, 0x16FE4),
    (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159),  # musical null note head
    (0x1D173, 0x1D17A),
)
# Characters that modify the one before them, such as joiners, variation selectors and tags. They
# belong to emoji and letters and are invisible alone.
_JOINING: Final[tuple[Range, ...]] = ((0x200C, 0x200D), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF))
# Marks without a letter, private-use code points, and unassigned planes.
_ALONE: Final[tuple[Range, ...]] = (
    (0x300, 0x36F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xE000, 0xF8FF),
    (0xFE20, 0xFE2F),
    (0x40000, 0xDFFFF),
    (0xE1000, sys.maxunicode),
)


def _class(ranges: tuple[Range, ...]) -> str:
    return "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in ranges)


def _escaped(code: int) -> str:
    # Regex dialects have no common escape beyond the basic plane.
    return f"\\u{code:04x}" if code <= 0xFFFF else chr(code)


_UNSEEN: Final = r"\s" + _class(_BLANKS + _JOINING + _ALONE)


def trimmed(value: object) -> object:
    """Remove invisible characters from both ends of a text.

    Joiners and selectors stay at the end, where they belong to the character before them.
    """
    if not isinstance(value, str):
        return value
    blank, joining = _edges()
    return value.lstrip(blank + joining).rstrip(blank)


@dataclass(frozen=True)
class VisibleText:
    """Required text: `Annotated[str, VisibleText(max_length=500)]`.

    It has a visible character, no control characters, and no characters that change the writing
    direction. Invisible characters are removed from its ends.

    Args:
        max_length: the maximum number of characters.
        min_length: the minimum number of characters after trimming.
        lines: whether tabs and line breaks are allowed.
        without: characters that are refused.
        trim: whether the ends are trimmed.
    """

    max_length: int
    min_length: int = 1
    lines: bool = True
    without: str = ""
    trim: bool = True

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(max_length=self.max_length)
        checked = core_schema.with_info_after_validator_function(self._checked, text)
        if not self.trim:
            return checked
        return core_schema.no_info_before_validator_function(trimmed, checked)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # Our own format (docs/api.md). As a pattern it would have 500 characters, which people
        # cannot read and generators of test data need minutes for.
        described = {"format": f"visible-{'text' if self.lines else 'line'}"}
        if self.without:
            described["pattern"] = f"^[^{re.escape(self.without)}]*$"
        return handler(schema) | {"minLength": self.min_length} | described

    def _checked(self, text: str, info: ValidationInfo) -> str:
        # Two searches: one expression for both would scan a long text once for each character.
        if info.context == STORED:
            return text
        if re.search(f"[{self._taken_out}]", text):
            kind = "text" if self.lines else "one line"
            refused = " or ".join(["control characters", *self.without])
            raise PydanticCustomError(
                "unreadable_character",
                "write {kind} without {refused}",
                {"kind": kind, "refused": refused},
            )
        if len(text) < self.min_length or not _seen().search(text):
            raise PydanticCustomError(
                "nothing_to_see",
                "write at least {count} visible character(s)",
                {"count": self.min_length},
            )
        return text

    @property
    def _taken_out(self) -> str:
        return _class(_NO_TEXT if self.lines else _NO_LINE) + re.escape(self.without)


@dataclass(frozen=True)
class VisibleLine(VisibleText):
    """Required text in one line: names, titles, subjects."""

    lines: bool = False


@cache
def _seen() -> re.Pattern[str]:
    # At its first use: compiling it takes a millisecond.
    return re.compile(f"[^{_UNSEEN}]")


@cache
def _edges() -> tuple[str, str]:
    blanks = "".join(map(_characters, _BLANKS))
    space = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
    return blanks + space, "".join(map(_characters, _JOINING))


def _characters(codes: Range) -> str:
    return "".join(map(chr, range(codes[0], codes[1] + 1)))
