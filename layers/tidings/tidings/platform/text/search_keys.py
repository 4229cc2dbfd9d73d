"""Normalize texts of every script for search: ignore case, character forms and accents.

These functions make both the stored keys and the keys of a query. If you change their results, or
add a key to products, raise `KEYS_VERSION`.
"""

# ruff: noqa: RUF001, RUF002, RUF003 (letters of many scripts are what this is about)
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Final

KEYS_VERSION: Final = 3
MAX_WORD_CHARACTERS: Final = 40

Range = tuple[int, int]

# Marks that a reader may leave out: accents of Latin, Greek and Cyrillic, vowel points of Hebrew
# and Arabic, marks that change a symbol or select a glyph. Every other mark stands for a letter or
# a vowel of its own: दू is not द, バ is not ハ, أ is not ا.
_ACCENTS: Final[tuple[Range, ...]] = (
    (0x300, 0x36F),
    (0x483, 0x489),
    (0x591, 0x5C7),
    (0x610, 0x61A),
    (0x64B, 0x652),
    (0x670, 0x670),
    (0x6D6, 0x6ED),
    (0x180B, 0x180F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
# Invisible letters, and the Arabic tatweel, which only stretches a word.
_SHOWS_NOTHING: Final = frozenset({0x115F, 0x1160, 0x640})
_ZERO_WIDTH_SPACE: Final = 0x200B
# Letters with a stroke and ligatures, which Unicode does not decompose.
_LETTERS: Final = {
    **{"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "ŧ": "t"},
    **{"æ": "ae", "œ": "oe", "þ": "th"},
}
# Katakana and hiragana write the same sounds; their code points differ by this offset.
_KATAKANA: Final[tuple[Range, ...]] = ((0x30A1, 0x30F6), (0x30FD, 0x30FE))
_HIRAGANA_OFFSET: Final = 0x60
# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED: Final[tuple[Range, ...]] = (
    (0xE00, 0xEFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)

_SEPARATOR, _SPACED_WORD, _UNSPACED_WORD = range(3)


def folded(text: str) -> str:
    """Return a text in the form that is compared: Café and cafe, ﾊﾞｽ and ばす, ١ and 1 are equal."""
    # Twice, because the decomposition of a compatibility form such as ㋌ may have case again
    # (Unicode Standard 3.13, "compatibility caseless matching").
    decomposed = text
    for _ in range(2):
        decomposed = unicodedata.normalize("NFKD", decomposed.casefold())
    return unicodedata.normalize("NFC", decomposed.translate(_FOLDED))


def words_in(text: str) -> list[str]:
    """Return the distinct words of a text in compared form, in their order.

    A run of a script without spaces is one word; it ends where another script begins.
    """
    return _each_once(word for _, word in _runs(folded(text)))


def parts_in(text: str) -> list[str]:
    """Return the ends of a text's runs without spaces: 牛乳石鹸 has 乳石鹸, 石鹸, 鹸.

    A search compares beginnings, so these let it find words within a run.
    """
    return _each_once(
        run[start:]
        for kind, run in _runs(folded(text))
        if kind == _UNSPACED_WORD
        for start in range(1, len(run))
        if not _is_mark(run[start])
    )


class _Folding(dict[int, str | None]):
    """The folded form of each character, computed at its first use (see `str.translate`)."""

    def __missing__(self, code: int) -> str | None:
        self[code] = folded_character = _fold(code)
        return folded_character


_FOLDED: Final = _Folding()


def _fold(code: int) -> str | None:
    character, category = chr(code), unicodedata.category(chr(code))
    if code == _ZERO_WIDTH_SPACE:
        return " "
    if category == "Cf" or code in _SHOWS_NOTHING:
        return None
    if category in _MARKS and _is_in(code, _ACCENTS):
        return None
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if _is_in(code, _KATAKANA):
        return chr(code - _HIRAGANA_OFFSET)
    return _LETTERS.get(character, character)


def _runs(text: str) -> Iterator[tuple[int, str]]:
    kinds: list[int] = []
    for character in text:
        # A mark belongs to the character before it.
        is_mark = _is_mark(character) and kinds
        kinds.append(kinds[-1] if is_mark else _kind(character))
    for kind, run in groupby(zip(kinds, text, strict=True), key=lambda each: each[0]):
        if kind != _SEPARATOR:
            yield kind, "".join(character for _, character in run)


def _kind(character: str) -> int:
    if not (character.isalnum() or character == "_"):
        return _SEPARATOR
    return _UNSPACED_WORD if _is_in(ord(character), _UNSPACED) else _SPACED_WORD


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in _MARKS


def _is_in(code: int, ranges: tuple[Range, ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _each_once(words: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(word[:MAX_WORD_CHARACTERS] for word in words))
