"""What slows down whoever guesses: waits that grow with each failure, then a lock for a time."""

from dataclasses import dataclass
from typing import Any, Final

from tidings.platform import cache
from tidings.platform.context import caller_address
from tidings.platform.errors import RateLimited
from tidings.platform.limits import Limit, digest, network_of
from tidings.platform.settings import settings

LOCK_SECONDS: Final = 15 * 60
FAILURES_FORGOTTEN_AFTER_SECONDS: Final = 3600

HOUR: Final = 3600
REGISTRATIONS_OF_ADDRESS: Final = Limit("register-address", 20, HOUR)
REGISTRATIONS_OF_ACCOUNT: Final = Limit("register-account", 5, HOUR)
CODES_FOR_ADDRESS: Final = Limit("codes-address", 20, HOUR)
CODES_FOR_ACCOUNT: Final = Limit("codes-account", 5, HOUR)
CODES_TRIED_BY_ADDRESS: Final = Limit("code-tries-address", 100, HOUR)
CODES_TRIED_FOR_ACCOUNT: Final = Limit("code-tries-account", 20, HOUR)

# Counts a failure and sets how long the next attempt has to wait; refuses while one waits.
_FAIL: Final = """
local wait = redis.call('TTL', KEYS[2])
if wait >= 0 then return math.max(wait, 1) end
local failures = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local free, lock_after, lock_seconds = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local pause = 0
if failures >= lock_after then pause = lock_seconds
elseif failures > free then pause = math.min(2 ^ (failures - free - 1), lock_seconds) end
if pause > 0 then redis.call('SET', KEYS[2], '1', 'EX', string.format('%d', pause)) end
return 0
"""


@dataclass(frozen=True)
class Guard:
    """So many failures are free; each further one doubles the wait; then comes the lock."""

    name: str
    free: int
    lock_after: int

    def check(self, subject: str) -> None:
        """Let through who need not wait.

        Raises:
            RateLimited: there were too many failures.
            redis.RedisError: Redis is away.
        """
        seconds: Any = cache.client().ttl(self._keys(subject)[1])
        if seconds >= 0:
            raise RateLimited(max(1, seconds))

    def attempt(self, subject: str) -> None:
        """Count an attempt as a failure before it is made, so that guesses at once count.

        Raises:
            RateLimited: there were too many failures.
            redis.RedisError: Redis is away.
        """
        if seconds := self.fail(subject):
            raise RateLimited(seconds)

    def fail(self, subject: str) -> int:
        """Count a failure; return the seconds to wait where the subject was waiting already.

        Raises:
            redis.RedisError: Redis is away.
        """
        numbers = (self.free, self.lock_after, LOCK_SECONDS, FAILURES_FORGOTTEN_AFTER_SECONDS)
        waiting: Any = cache.client().eval(
            _FAIL, 2, *self._keys(subject), *(str(each) for each in numbers)
        )
        return int(waiting)

    def forget(self, subject: str) -> None:
        """Forget the failures of who succeeded."""
        cache.client().delete(*self._keys(subject))

    def _keys(self, subject: str) -> tuple[str, str]:
        # In braces: Redis Cluster keeps both in one place.
        name = f"{self.name}:{{{digest(subject)}}}"
        return cache.key("failures", name), cache.key("waits", name)


SIGN_INS_OF_ACCOUNT: Final = Guard("sign-in-account", free=5, lock_after=10)


def sign_ins_of_address() -> Guard:
    """Return the guard of network addresses, behind which many people may sit."""
    allowance = settings().address_allowance
    return Guard("sign-in-address", free=20 * allowance, lock_after=50 * allowance)


def service_sign_ins_of_address() -> Guard:
    """Return the guard of network addresses from which machines sign in."""
    allowance = settings().address_allowance
    return Guard("service-sign-in-address", free=20 * allowance, lock_after=50 * allowance)


def caller_network() -> str:
    return network_of(caller_address())
