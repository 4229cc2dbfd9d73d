"""Passwords, hashed with argon2id (RFC 9106, its second recommended option)."""

import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_ARGON2: Final = "$argon2"
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the encoded hash, which contains its parameters and salt."""
    return _hasher.hash(_normalised(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether the password is right.

    The check takes the same time if there is no account, or an account without a password.
    """
    stored = password_hash if password_hash and password_hash.startswith(_ARGON2) else None
    try:
        right = _hasher.verify(stored or _nobodys_hash(), _normalised(password))
        return right and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _normalised(password: str) -> str:
    """Return the same characters however a keyboard composes them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody")
