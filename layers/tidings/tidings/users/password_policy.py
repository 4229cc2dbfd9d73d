"""Which passwords are not taken (NIST SP 800-63B section 5.1.1.2): those that are tried first.

No rules on digits and punctuation, as NIST advises. The list of common passwords is that of
the package zxcvbn: the 30,000 most frequent ones of public leaks.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Final

from tidings.users.errors import GuessablePassword

OWN_NAME: Final = "tidings"
# A word of this length that a password is made of must not be the person's own.
SHORTEST_OWN_WORD: Final = 4


def refuse_guessable(password: str, own_words: Iterable[str] = ()) -> None:
    """Let a password through that is not among the first to be tried.

    Args:
        password: as the person typed it.
        own_words: what everybody knows of the person, e.g. their e-mail address.

    Raises:
        GuessablePassword: it is common, or made of one character, a sequence, or the person's own
            words.
    """
    plain = password.casefold()
    if plain in _common() or _is_repetitive(plain) or _is_sequence(plain):
        raise GuessablePassword("is among those that are tried first")
    for word in (*own_words, OWN_NAME):
        if _is_made_of(plain, word.casefold()):
            raise GuessablePassword("is easy to guess for who knows you")


def _is_made_of(password: str, word: str) -> bool:
    """Say whether it is the word, once or several times, with digits or punctuation around."""
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
    # Read at the first registration: no other function needs the 800 kB.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
