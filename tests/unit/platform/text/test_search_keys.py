"""Tests of search in every script: which words count as equal."""

# ruff: noqa: RUF001 (tests letters of many scripts)
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.text.search_keys import MAX_WORD_CHARACTERS, folded, parts_in, words_in


def finds(search: str, title: str) -> bool:
    """Return whether each word of a search begins a word of the title, as in the catalogue."""
    kept = [*words_in(title), *parts_in(title)]
    words = words_in(search)
    return bool(words) and all(any(key.startswith(word) for key in kept) for word in words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Latin
        *(("Café", "CAFE"), ("Straße", "STRASSE"), ("Ångström", "angstrom"), ("Łódź", "lodz")),
        *(("smørrebrød", "Smorrebrod"), ("Đà Nẵng", "da nang"), ("Œuvre", "oeuvre"), ("æ", "AE")),
        *(("İSTANBUL", "istanbul"), ("ISPARTA", "ısparta"), ("ﬁlter", "FILTER"), ("ſ", "s")),
        # Greek, Cyrillic, Armenian
        *(("ΟΔΌΣ", "οδος"), ("ὁδός", "οδοσ"), ("Ёлка", "елка"), ("ПРИВЕТ", "привет")),
        *(("ԵՐԵՎԱՆ", "երեվան"), ("Їжак", "їжак")),
        # Hebrew and Arabic with and without vowels, tatweel, forms and digits
        *(("שָׁלוֹם", "שלום"), ("مُدَرِّس", "مدرس"), ("كـتـاب", "كتاب"), ("ﻛﺘﺎﺏ", "كتاب")),
        *(("٣٤٥", "345"), ("۳۴۵", "345"), ("می‌خواهم", "میخواهم")),
        # Devanagari, Bengali, Tamil: both spellings of a letter
        *(("क़लम", "क\u093cलम"), ("२०", "20"), ("ড়", "ড\u09bc"), ("கொ", "க\u0bc6\u0bbe")),
        # Thai, Lao
        *(("น้ำ", "น\u0e49\u0e4d\u0e32"), ("๑๒", "12")),
        # Japanese: width, both kana, composed and decomposed; Chinese forms; Korean
        *(
            ("ﾊﾞｽ", "バス"),
            ("ばす", "バス"),
            ("ハ\u3099ス", "バス"),
            ("ﾗｰﾒﾝ", "らーめん"),
            ("㌔", "キロ"),
        ),
        *(
            ("ＡＢＣ１２３", "abc123"),
            ("⼈", "人"),
            ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
        ),
        # Invisible characters
        *(("soft\u00adware", "software"), ("❤️", "❤"), ("Ada\ufeff", "ada")),
    ],
)
def test_the_same_word(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("バス", "パス"), ("バス", "ハス"), ("はす", "ばす"), ("दूध", "दही"), ("दूध", "दध")),
        *(("कि", "की"), ("कम", "काम"), ("বই", "বউ"), ("ਦੁੱਧ", "ਦਹੀਂ"), ("પાણી", "પણી")),
        *(("பால்", "பல்"), ("పాలు", "పలు"), ("ಹಾಲು", "ಹಲು"), ("പാൽ", "പൽ"), ("සිත", "සත")),
        *(("น้ำ", "นา"), ("ปา", "ป่า"), ("ຂ້າ", "ຂາ"), ("ទឹក", "ទក"), ("မြန်မာ", "မနမ")),
        *(("أ", "ا"), ("آب", "اب"), ("한", "하"), ("བོད", "བད"), ("ދިވެހި", "ދވހ"), ("ক", "খ")),
        *(("Я", "R"), ("Ω", "O"), ("ɓ", "b")),
    ],
)
def test_another_word(one: str, other: str) -> None:
    assert folded(one) != folded(other)
    assert folded(other) not in words_in(one)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("दूध पाउडर", ["दूध", "पाउडर"]),
        ("दही धनिया", ["दही", "धनिया"]),
        ("தமிழ் புத்தகம்", ["தமிழ்", "புத்தகம்"]),
        ("ภาษาไทย", ["ภาษาไทย"]),
        ("ဗမာ\u200bစာ", ["ဗမာ", "စာ"]),
        ("iPhone用ケース", ["iphone", "用けーす"]),
        ("牛乳100ml", ["牛乳", "100ml"]),
        ("בית ספר", ["בית", "ספר"]),
        ("한국어 사전", ["한국어", "사전"]),
        ("snake_case", ["snake_case"]),
        ("\u0301 a", ["a"]),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert words_in(text) == words


@pytest.mark.parametrize(
    ("search", "title", "found"),
    [
        ("दूध", "दूध पाउडर", True),
        ("दूध", "दही धनिया", False),
        ("バス", "パス", False),
        ("ばす", "バスタオル", True),
        ("石鹸", "牛乳石鹸", True),
        ("乳石", "牛乳石鹸", True),
        ("石牛", "牛乳石鹸", False),
        ("ケース", "iPhone用ケース", True),
        ("iphone ケース", "iPhone用ケース", True),
        ("東京", "京都", False),
        ("รองเท้า", "ขายรองเท้าผ้าใบ", True),
        ("เท้", "รองเท้า", True),
        ("사전", "한국어 사전", True),
        ("ountain", "Fountain", False),
        ("кот", "Котёл", True),
    ],
)
def test_search_finds_a_title(search: str, title: str, found: bool) -> None:
    assert finds(search, title) is found


@given(st.text(max_size=60))
def test_normal_form_of_a_text_does_not_matter(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert words_in(unicodedata.normalize(form, text)) == words_in(text)


@given(st.text(max_size=60))
def test_keys_are_bounded_and_fold_to_themselves(text: str) -> None:
    for key in [*words_in(text), *parts_in(text)]:
        assert 0 < len(key) <= MAX_WORD_CHARACTERS
        assert folded(key) == key
