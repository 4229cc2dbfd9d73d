import pytest

from tidings.users.errors import GuessablePassword
from tidings.users.password_policy import refuse_guessable

ADA = ("ada.lovelace@example.com", "ada.lovelace")


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password1",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "ILOVEYOU",
        "trustno1",
        "aaaaaaaa",
        "abababab",
        "abcdefgh",
        "87654321",
        "stuvwxyz",
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(GuessablePassword, match="attackers try first"):
        refuse_guessable(password)


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace@example.com",
        "ada.lovelace",
        "Ada.Lovelace1815",
        "!ada.lovelace!",
        "tidings2026",
        "TidingsTidings",
    ],
)
def test_words_of_the_account_are_refused(password: str) -> None:
    with pytest.raises(GuessablePassword, match="easy to guess"):
        refuse_guessable(password, ADA)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "correct horse",
        "größe und gewicht",
        "tidings of great joy",
        "ada.lovelace wrote notes",
        "x7$kQ!p2",
        "パスワードは秘密です",
    ],
)
def test_other_passwords_are_accepted(password: str) -> None:
    refuse_guessable(password, ADA)


def test_short_words_of_the_account_are_ignored() -> None:
    refuse_guessable("ada 1815 12 10", ("ada",))
