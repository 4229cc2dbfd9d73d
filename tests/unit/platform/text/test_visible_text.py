"""Required text must contain a visible character."""

import time
from typing import Annotated

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from tidings.platform.text.visible_text import STORED, VisibleLine, VisibleText

NAME: TypeAdapter[str] = TypeAdapter(Annotated[str, VisibleLine(max_length=100)])
TEXT: TypeAdapter[str] = TypeAdapter(Annotated[str, VisibleText(max_length=60_000, trim=False)])
REASON: TypeAdapter[str] = TypeAdapter(
    Annotated[str, VisibleLine(max_length=500, min_length=3, without="@")]
)

SHOWS_NOTHING = [
    *("", " ", "\t", "\u3000", "\u1680", "\u200b", "\u2060", "\ufeff", "\u2800", "\u3164"),
    *("\u115f", "\u1160", "\uffa0", "\u034f", "\u00ad", "\u200c", "\u200d", "\u200e", "\u061c"),
    *("\ufe0f", "\ufe00", "\U000e0020", "\U000e0041", "\U000e007f", "\U000e0100", "\u180e"),
    *("\u17b4", "\u17b5", "\u2064", "\u206a", "\ufff9", "\ufffc", "\U0001d159", "\U0001d173"),
    *("\u0301", "\u20e3", "\ue000", "\U00040000", "\U000f0000", "\U0010ffff"),
    *("\u200b \u2060", "\u3164\u3164", " \u200d\ufe0f", "\u2800 \u2800"),
]
SHOWS_SOMETHING = [
    *("a", "é", "e\u0301", "ß", "Ω", "Я", "李", "あ", "한", "दूध", "ไทย", "שלום", "محمد", "ⵣ", "0"),
    *("-", "!", "€", "🍕", "❤️", "👨‍👩‍👧", "🇩🇪", "🏴\U000e0067\U000e0062\U000e007f", "1️⃣", "می‌خواهم"),
    *("न्‍", "\U0001fae8", "X Æ A-12", "O'Brien", "Jean-Luc"),
]


def refusal(kind: TypeAdapter[str], text: str) -> str:
    with pytest.raises(ValidationError) as refused:
        kind.validate_python(text)
    return str(refused.value.errors()[0]["msg"])


@pytest.mark.parametrize("text", SHOWS_NOTHING, ids=ascii)
def test_invisible_text_is_refused(text: str) -> None:
    assert refusal(NAME, text) == "write at least 1 visible character(s)"
    assert refusal(NAME, text * 3)
    assert refusal(TEXT, text)


@pytest.mark.parametrize("text", SHOWS_SOMETHING)
def test_visible_text_is_kept_unchanged(text: str) -> None:
    assert NAME.validate_python(text) == text
    assert TEXT.validate_python(text) == text


@pytest.mark.parametrize("text", SHOWS_SOMETHING)
@pytest.mark.parametrize(
    "blank", [" ", "\u200b", "\ufeff", "\u2800", "\u3164", "\u00ad", "\u2060 "]
)
def test_invisible_ends_are_removed(text: str, blank: str) -> None:
    assert NAME.validate_python(blank + text + blank) == text
    assert TEXT.validate_python(f"{blank}{text}") == f"{blank}{text}"


def test_joiners_before_the_first_letter_are_removed() -> None:
    assert NAME.validate_python("\u200d\ufe0fAda") == "Ada"


@pytest.mark.parametrize(
    "character",
    [
        *("\x00", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"),
        *("\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"),
    ],
    ids=ascii,
)
def test_line_has_no_control_and_no_direction_characters(character: str) -> None:
    message = refusal(NAME, f"invoice{character}fdp.exe")
    assert message == "write one line without control characters"


def test_text_has_lines_but_no_control_and_no_override_characters() -> None:
    assert TEXT.validate_python("a\tb\r\nc") == "a\tb\r\nc"
    for character in ("\x00", "\x0b", "\x1b", "\x7f", "\u202e"):
        assert refusal(TEXT, f"a{character}b")


def test_direction_marks_within_a_name_are_kept() -> None:
    assert NAME.validate_python("א\u200e1") == "א\u200e1"


@pytest.mark.parametrize("text", ["ab", " ab ", "\u200ba\u200b", "a@b"])
def test_reason_is_three_characters_without_addresses(text: str) -> None:
    assert refusal(REASON, text)
    assert REASON.validate_python("abc") == "abc"


def test_refusal_quotes_no_pattern() -> None:
    assert "\\u" not in refusal(NAME, "\u200b") + refusal(NAME, "a\nb") + refusal(REASON, "a@bc")


def test_refusal_of_long_text_is_fast() -> None:
    started = time.thread_time()
    for text in ("x" * 59_999 + "\x00", " " * 60_000, "\u200b" * 60_000):
        assert refusal(TEXT, text)
    assert time.thread_time() - started < 1


def test_text_that_was_stored_under_earlier_rules_can_be_read() -> None:
    assert TEXT.validate_python("\u200b", context=STORED) == "\u200b"


@pytest.mark.parametrize(
    ("kind", "format_", "at_least"),
    [(NAME, "visible-line", 1), (TEXT, "visible-text", 1), (REASON, "visible-line", 3)],
)
def test_schema_names_the_format_and_the_lengths(
    kind: TypeAdapter[str], format_: str, at_least: int
) -> None:
    schema = kind.json_schema()
    assert schema["format"] == format_
    assert schema["minLength"] == at_least
    assert schema["maxLength"]


def test_schema_lists_the_refused_characters() -> None:
    described = Draft202012Validator(REASON.json_schema())
    assert described.is_valid("abc")
    assert not described.is_valid("a@bc")
