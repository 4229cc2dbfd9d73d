"""Passwords, hashed with argon2id (RFC 9106, its second recommended option)."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the encoded hash, which carries its parameters and salt."""
    return _hasher.hash(_normalised(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether the password is right; takes as long where there is no account."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), _normalised(password)) and bool(
            password_hash
        )
    except (VerificationError, InvalidHashError):
        return False


def _normalised(password: str) -> str:
    """Return the same characters however a keyboard composes them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody")
