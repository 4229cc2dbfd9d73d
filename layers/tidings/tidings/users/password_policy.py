"""Refuse passwords that attackers try first (NIST SP 800-63B section 5.1.1.2).

There are no rules on digits and punctuation, as NIST advises. The list of common passwords is from
the package zxcvbn: the 30,000 most frequent ones of public leaks.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Final

from tidings.users.errors import GuessablePassword

OWN_NAME: Final = "tidings"
# A password must not consist of one of the person's own words of at least this length.
SHORTEST_OWN_WORD: Final = 4


def refuse_guessable(password: str, own_words: Iterable[str] = ()) -> None:
    """Refuse a password that attackers try first.

    Args:
        password: as the person typed it.
        own_words: words that others know about the person, e.g. the e-mail address.

    Raises:
        GuessablePassword: the password is common, repeats few characters, is a sequence, or
            consists of the person's own words.
    """
    plain = password.casefold()
    if plain in _common() or _is_repetitive(plain) or _is_sequence(plain):
        raise GuessablePassword("is one of those that attackers try first")
    for word in (*own_words, OWN_NAME):
        if _is_made_of(plain, word.casefold()):
            raise GuessablePassword("is easy to guess for people who know you")


def _is_made_of(password: str, word: str) -> bool:
    """Say whether a password is the word, possibly repeated, with digits or punctuation."""
    if len(word) < SHORTEST_OWN_WORD or word not in password:
        return False
    rest = password.replace(word, "")
    return not any(character.isalpha() for character in rest)


def _is_repetitive(password: str) -> bool:
    return len(set(password)) <= 2


def _is_sequence(password: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    return steps in ({1}, {-1})


@cache
def _common() -> frozenset[str]:
    # Imported at first use, because only this function needs the 800 kB.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
