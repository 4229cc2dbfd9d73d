"""One-time codes that are sent to a person: short-lived, stored in Redis as keyed hashes.

A code is looked up by its hash, so a wrong guess changes nothing. All codes of a person work until
they expire; the first one that is used ends the others.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tidings.platform.logging import logger
from tidings.platform.messaging.events import code_purposes
from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.security.signatures import blind_index
from tidings.platform.timing.clock import now
from tidings.users import events as _events  # noqa: F401 (its fields are among those with codes)

# Crockford's base 32 has no letters that look like digits. Ten characters have 50 bits.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 10
_AS_MEANT: Final = str.maketrans({"O": "0", "I": "1", "L": "1", " ": "", "-": ""})

# Adds a code and deletes expired ones, so that repeated requests do not fill the store.
_ISSUE: Final = """
local kept = redis.call('HGETALL', KEYS[1])
for place = 1, #kept, 2 do
  local is_over = tonumber(kept[place + 1]) <= tonumber(ARGV[2])
  if is_over then redis.call('HDEL', KEYS[1], kept[place]) end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
"""
# If several requests bring the right code at once, only one succeeds.
_REDEEM: Final = """
local expires_at = redis.call('HGET', KEYS[1], ARGV[1])
if not expires_at or tonumber(expires_at) <= tonumber(ARGV[2]) then return 0 end
return redis.call('DEL', KEYS[1])
"""


@dataclass(frozen=True)
class Purpose:
    """The purpose of a code, and its lifetime in seconds."""

    name: str
    seconds: int


VERIFICATION: Final = Purpose("verification", in_redis.CODE.seconds)
PASSWORD_RESET: Final = Purpose("password-reset", 30 * 60)
PHONE_VERIFICATION: Final = Purpose("phone-verification", 15 * 60)
_PURPOSES: Final = {each.name: each for each in (VERIFICATION, PASSWORD_RESET, PHONE_VERIFICATION)}


class Code(NamedTuple):
    text: str
    expires_at: datetime


def issue(purpose: Purpose, user_id: str, at: datetime | None = None) -> Code:
    """Create a code; older codes still work until one is used.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    time = at or now()
    expires_at = time + timedelta(seconds=purpose.seconds)
    arguments = (
        _hash(purpose, user_id, text),
        time.timestamp(),
        expires_at.timestamp(),
        purpose.seconds,
    )
    store.client().eval(_ISSUE, 1, _key(purpose, user_id), *map(str, arguments))
    return Code(text, expires_at)


def redeem(purpose: Purpose, user_id: str, offered: str, at: datetime | None = None) -> bool:
    """Say whether a code is right; if it is, end all codes of this purpose.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    arguments = (index_of(purpose, user_id, offered), str((at or now()).timestamp()))
    ended: Any = store.client().eval(_REDEEM, 1, _key(purpose, user_id), *arguments)
    return bool(ended)


def void(purpose_name: str, user_id: str, text: str) -> bool:
    """End one code only; return whether it was valid.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    purpose = _PURPOSES[purpose_name]
    ended: Any = store.client().hdel(_key(purpose, user_id), _hash(purpose, user_id, text))
    return bool(ended)


def void_told(user_id: str, told: Mapping[str, Any]) -> None:
    """End the codes that a message should have brought to a person.

    Args:
        told: the event's data or the template's variables; other values are ignored.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    for name, purpose in code_purposes().items():
        text = told.get(name)
        if isinstance(text, str) and void(purpose, user_id, text):
            logger.info("one-time code is void", user_id=user_id, purpose=purpose)


def drop(user_id: str) -> None:
    """Delete all codes of a person."""
    store.client().delete(*(_key(each, user_id) for each in _PURPOSES.values()))


def end(purpose: Purpose, user_id: str) -> None:
    """End a person's codes of one purpose.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    store.client().delete(_key(purpose, user_id))


def index_of(purpose: Purpose, user_id: str, offered: str) -> str:
    """Return the hash of a code, whatever its spelling; it does not reveal the code."""
    return _hash(purpose, user_id, offered.upper().translate(_AS_MEANT))


def _hash(purpose: Purpose, user_id: str, text: str) -> str:
    return blind_index("code", f"{purpose.name}:{user_id}:{text}")


def _key(purpose: Purpose, user_id: str) -> str:
    return store.key("code", purpose.name, user_id)
