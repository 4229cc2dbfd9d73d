"""Texts are cut at the end of a visible character."""

import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.text.cuts import cut, cut_bytes, cut_to_fit

# Each of these is one visible character.
WHOLE = [
    *("a", "é", "e\u0301", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "❤️", "🏴\U000e0067\U000e0062\U000e007f"),
    *("한", "\u1112\u1161\u11ab", "नि", "क्षि", "กำ", "பொ", "\r\n", "👩🏾‍🚀", "🏳️‍🌈"),
]


@pytest.mark.parametrize("character", WHOLE, ids=ascii)
def test_character_is_kept_whole_or_left_out(character: str) -> None:
    for room in range(1, len(character)):
        assert cut(f"ab{character}", 2 + room) == "ab"
        assert cut(f"ab{character}cd", 2 + room, ellipsis="…") == "ab…"
    assert cut(f"ab{character}cd", 2 + len(character)) == f"ab{character}"


@pytest.mark.parametrize("character", WHOLE, ids=ascii)
def test_bytes_are_cut_at_whole_characters(character: str) -> None:
    size = len(character.encode())
    for room in range(size):
        assert cut_bytes(f"ab{character}", 2 + room) == "ab"
    assert cut_bytes(f"ab{character}cd", 2 + size) == f"ab{character}"


def test_flags_are_cut_between_flags() -> None:
    assert cut("🇩🇪🇫🇷🇮🇹", 5) == "🇩🇪🇫🇷"


def test_short_text_is_unchanged() -> None:
    assert cut("Hello ", 6, ellipsis="…") == "Hello "
    assert cut_to_fit("Hello ", lambda text: len(text) <= 6) == "Hello "


def test_ellipsis_counts_and_blanks_before_it_are_removed() -> None:
    assert cut("Hello world", 7, ellipsis="…") == "Hello…"
    assert cut("Hello world", 8, ellipsis="...") == "Hello..."


def test_one_character_over_the_limit_is_cut() -> None:
    endless = "e" + "\u0301" * 10_000
    assert cut(endless, 100) == endless[:100]
    assert cut("ab" + endless, 100) == ("ab" + endless)[:100]


def test_half_a_surrogate_pair_is_a_character() -> None:
    assert cut("a\ud83db", 2) == "a\ud83d"


def test_long_text_is_cut_fast() -> None:
    started = time.thread_time()
    cut("👨‍👩‍👧" * 100_000, 200)
    cut_bytes("e" + "\u0301" * 100_000, 4_000)
    assert time.thread_time() - started < 1


@given(st.text(max_size=40), st.integers(0, 40))
def test_cut_is_a_prefix_of_whole_characters(text: str, at_most: int) -> None:
    start = cut(text, at_most)
    assert len(start) <= at_most
    assert text.startswith(start)
    whole = regex.findall(r"\X", text)
    assert "".join(whole[: len(regex.findall(r"\X", start))]) == start


@given(st.text(max_size=40), st.integers(3, 60))
def test_cut_text_fits(text: str, size: int) -> None:
    made = cut_to_fit(text, lambda part: len(part.encode()) <= size)
    assert len(made.encode()) <= size
    assert made == text or made.endswith("…")
