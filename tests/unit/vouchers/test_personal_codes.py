"""A personal code is always the same, and only its person can use it."""

import re
from typing import Final

import pytest

from tidings.platform.timing.clock import new_id
from tidings.vouchers.codes import is_personal_code, new_code, new_key, personal_codes, shared_part

KEY: Final = new_key()
ADA, BOB = new_id(), new_id()
FORM: Final = re.compile(r"SPRING-10(-[0-9A-HJKMNP-TV-Z]{4}){4}")


def code_of(user_id: str, key: str = KEY) -> str:
    return personal_codes(key, "SPRING-10", [user_id])[user_id]


def test_code_is_always_the_same() -> None:
    assert code_of(ADA) == code_of(ADA)
    assert FORM.fullmatch(code_of(ADA))


def test_codes_of_two_people_and_of_two_vouchers_differ() -> None:
    assert len({code_of(ADA), code_of(BOB), code_of(ADA, new_key())}) == 3


def test_code_is_for_its_person_only() -> None:
    assert is_personal_code(code_of(ADA), KEY, "SPRING-10", ADA)
    assert not is_personal_code(code_of(ADA), KEY, "SPRING-10", BOB)
    assert not is_personal_code("SPRING-10", KEY, "SPRING-10", ADA)


def test_personal_code_begins_with_the_vouchers_code() -> None:
    assert shared_part(code_of(ADA)) == "SPRING-10"


@pytest.mark.parametrize(
    "code", ["SPRING-10", "SPRING", new_code()], ids=["word-and-number", "word", "generated"]
)
def test_other_codes_have_no_shared_part(code: str) -> None:
    assert shared_part(code) == ""


def test_generated_codes_are_random_and_easy_to_read() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", c) for c in codes)
