"""Codes of vouchers: generated ones, and a campaign's personal ones."""

import base64
import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

# Crockford's alphabet: without I, L, O and U, which people misread.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# 80 bits cannot be guessed.
CHARACTERS: Final = 16


def new_code() -> str:
    """Return a random code in groups of four: `7KQM-2X8P-AB3D-9FGH`."""
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS)))


def new_key() -> str:
    """Return a random key for a voucher's personal codes."""
    return secrets.token_hex(32)


def personal_codes(key: str, code: str, user_ids: Iterable[str]) -> dict[str, str]:
    """Return the personal code of each of these people: the voucher's code and a keyed hash.

    It is always the same, so a repeated chunk of a campaign tells the same code, and no list of
    codes is stored.
    """
    return {user_id: f"{code}-{_hash(key, user_id)}" for user_id in user_ids}


def is_personal_code(given: str, key: str, code: str, user_id: str) -> bool:
    """Say whether a code is this person's, in constant time."""
    own = personal_codes(key, code, [user_id])[user_id]
    return hmac.compare_digest(given.encode(), own.encode())


def shared_part(given: str) -> str:
    """Return the voucher's code in a personal one; empty if it has no such part."""
    # The hash is four groups.
    return "-".join(given.split("-")[:-4])


def _hash(key: str, user_id: str) -> str:
    digest = hmac.new(key.encode(), user_id.encode(), sha256).digest()[: CHARACTERS * 5 // 8]
    return _grouped(base64.b32encode(digest).decode().translate(str.maketrans(BASE32, ALPHABET)))


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
