import pytest

from tidings.users.passwords import hash_password, matches


def test_right_password_matches() -> None:
    assert matches(hash_password("correct horse"), "correct horse")


@pytest.mark.parametrize("password", ["", "Correct horse", "correct horse ", "x" * 128])
def test_other_passwords_do_not(password: str) -> None:
    assert not matches(hash_password("correct horse"), password)


def test_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second
    assert "correct horse" not in first


@pytest.mark.parametrize("password_hash", ["", "plain", "$argon2id$broken", "$2b$12$bcrypt"])
def test_unreadable_hash_matches_nothing(password_hash: str) -> None:
    assert not matches(password_hash, "plain")


@pytest.mark.parametrize("password", ["", "the password of nobody"])
def test_unknown_account_has_no_password(password: str) -> None:
    assert not matches(None, password)
