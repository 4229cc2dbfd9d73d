"""One-time codes that reach a person by mail: hashed in Redis, short-lived, few attempts."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tidings.platform import cache
from tidings.platform.clock import now
from tidings.users.passwords import hash_password, matches

# Crockford's base 32: no letter that looks like a digit. 8 of them have 40 bits.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 8
MAX_ATTEMPTS: Final = 5
_AS_MEANT: Final = str.maketrans({"O": "0", "I": "1", "L": "1", " ": "", "-": ""})

# Counts an attempt before anything is compared, so that guesses at once count, too.
_ATTEMPT: Final = """
local hash = redis.call('HGET', KEYS[1], 'hash')
if not hash then return false end
if redis.call('HINCRBY', KEYS[1], 'attempts', 1) > tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  return false
end
return hash
"""


@dataclass(frozen=True)
class Purpose:
    """What a code is good for, and how long."""

    name: str
    seconds: int


# For whom a code is made that nobody will get.
NOBODY: Final = "nobody"
VERIFICATION: Final = Purpose("verification", 24 * 3600)
PASSWORD_RESET: Final = Purpose("password-reset", 15 * 60)


class Code(NamedTuple):
    text: str
    expires_at: datetime


def issue(purpose: Purpose, user_id: str, at: datetime | None = None) -> Code:
    """Make a code; an older one for the same purpose does not work any more.

    Raises:
        redis.RedisError: Redis is away.
    """
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    pipeline = cache.client().pipeline(transaction=True)
    pipeline.hset(_key(purpose, user_id), mapping={"hash": hash_password(text), "attempts": 0})
    pipeline.expire(_key(purpose, user_id), purpose.seconds)
    pipeline.execute()
    return Code(text, (at or now()) + timedelta(seconds=purpose.seconds))


def redeem(purpose: Purpose, user_id: str | None, offered: str) -> bool:
    """Say whether the code is right, and use it up; takes as long where there is no such user.

    Raises:
        redis.RedisError: Redis is away.
    """
    key = _key(purpose, user_id or NOBODY)
    password_hash: Any = cache.client().eval(_ATTEMPT, 1, key, str(MAX_ATTEMPTS))
    if not matches(password_hash, offered.upper().translate(_AS_MEANT)):
        return False
    # Of several that come at once with the right code, one is first.
    return bool(cache.client().delete(key)) and user_id is not None


def drop(user_id: str) -> None:
    """Forget all codes of a person."""
    cache.client().delete(*(_key(each, user_id) for each in (VERIFICATION, PASSWORD_RESET)))


def _key(purpose: Purpose, user_id: str) -> str:
    return cache.key("code", purpose.name, user_id)
