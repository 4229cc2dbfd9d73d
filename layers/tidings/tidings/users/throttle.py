"""Slow down guessing: each failure makes the caller who failed wait longer.

A stranger's failures make the stranger wait, not the account's owner. docs/accounts.md has the
numbers, decision 77 the reasons.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tidings.platform.context import caller_address
from tidings.platform.errors import RateLimited
from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.security.limits import Limit, digest, network_of
from tidings.platform.settings import settings

MINUTE: Final = 60
HOUR: Final = 3600
FAILURES_FORGOTTEN_AFTER_SECONDS: Final = in_redis.FAILURES.seconds

REGISTRATIONS_OF_ADDRESS: Final = Limit("register-address", 20, HOUR)
CODES_FOR_ADDRESS: Final = Limit("codes-address", 20, HOUR)
WRONG_CODES_OF_ADDRESS: Final = Limit("wrong-codes-address", 100, HOUR)
PHONE_CODES_BY_ADDRESS: Final = Limit("phone-codes-address", 20, HOUR)
PHONE_CODES_TRIED_FOR_ACCOUNT: Final = Limit("phone-code-tries-account", 20, HOUR)

# Counts a time and sets the wait for the next one. While the subject waits, nothing is counted.
_COUNT: Final = """
local wait = redis.call('TTL', KEYS[2])
if wait >= 0 then return math.max(wait, 1) end
local times = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local beyond = times - tonumber(ARGV[1])
if beyond > 0 then
  local pause = math.min(tonumber(ARGV[2]) * 2 ^ math.min(beyond - 1, 20), tonumber(ARGV[3]))
  redis.call('SET', KEYS[2], '1', 'EX', string.format('%d', pause))
end
return 0
"""
# Withdraws a counted time and its wait.
_UNDO: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('DECR', KEYS[1]) < 1 then
  redis.call('DEL', KEYS[1])
end
redis.call('DEL', KEYS[2])
"""


@dataclass(frozen=True)
class Guard:
    """Delays repeated times: `free` ones have no wait, then the wait doubles up to `longest`."""

    name: str
    free: int
    longest: int
    first: int = 1

    def check(self, subject: str) -> None:
        """Allow a subject that does not have to wait.

        Raises:
            RateLimited: the subject must wait.
            redis.RedisError: Redis is unavailable.
        """
        seconds: Any = store.client().ttl(self._keys(subject)[1])
        if seconds >= 0:
            raise RateLimited(max(1, seconds))

    def attempt(self, subject: str) -> None:
        """Count an attempt before it is made, so that concurrent attempts count.

        Raises:
            RateLimited: the subject must wait.
            redis.RedisError: Redis is unavailable.
        """
        if seconds := self.count(subject):
            raise RateLimited(seconds)

    def count(self, subject: str) -> int:
        """Count one time; return the seconds to wait if the subject was already waiting, or 0.

        Raises:
            redis.RedisError: Redis is unavailable.
        """
        numbers = (self.free, self.first, self.longest, FAILURES_FORGOTTEN_AFTER_SECONDS)
        waiting: Any = store.client().eval(
            _COUNT, 2, *self._keys(subject), *(str(each) for each in numbers)
        )
        return int(waiting)

    def undo(self, subject: str) -> None:
        """Withdraw one counted time that was not a failure.

        Raises:
            redis.RedisError: Redis is unavailable.
        """
        store.client().eval(_UNDO, 2, *self._keys(subject))

    def forget(self, subject: str) -> None:
        """Delete all counted times of a subject.

        Raises:
            redis.RedisError: Redis is unavailable.
        """
        store.client().delete(*self._keys(subject))

    def _keys(self, subject: str) -> tuple[str, str]:
        # The braces make Redis Cluster keep both keys on one node.
        name = f"{self.name}:{{{digest(subject)}}}"
        return store.key("failures", name), store.key("waits", name)


SIGN_INS_OF_DEVICE: Final = Guard("sign-in-device", free=5, longest=15 * MINUTE)
SIGN_INS_OF_PAIR: Final = Guard("sign-in-network-account", free=5, longest=15 * MINUTE)
# All networks together that the account does not know.
SIGN_INS_OF_ACCOUNT: Final = Guard("sign-in-account", free=20, longest=MINUTE)

# Each registration sends a mail, and a deleted account can be registered again at once.
REGISTRATIONS_OF_EMAIL: Final = Guard("register-email", free=5, first=MINUTE, longest=15 * MINUTE)
# Each time is a mail. A code is valid longer than the longest wait, so the mailbox always has a
# valid one.
RESET_MAILS: Final = Guard("reset-mails", free=0, first=MINUTE, longest=15 * MINUTE)
VERIFICATION_MAILS: Final = Guard("verification-mails", free=0, first=MINUTE, longest=HOUR)


@contextmanager
def paced(mails: Guard, email: str) -> Iterator[bool]:
    """Yield whether another mail may be sent now; an attempt that raises does not count.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    is_due = not mails.count(email)
    try:
        yield is_due
    except Exception:
        if is_due:
            mails.undo(email)
        raise


@dataclass(frozen=True)
class SignInAttempt:
    """One attempt to sign in; it counts as a failure until it succeeds."""

    email: str
    network: str
    device: str | None
    # The seconds that unknown networks of the account must wait; 0 if none.
    slowed: int = 0

    def succeed(self) -> None:
        """Clear the failures of this device, or of this network with this account.

        Raises:
            redis.RedisError: Redis is unavailable.
        """
        if self.device:
            SIGN_INS_OF_DEVICE.forget(self.device)
            return
        SIGN_INS_OF_PAIR.forget(_pair(self.email, self.network))
        if not self.slowed:
            SIGN_INS_OF_ACCOUNT.undo(self.email)

    def fail(self) -> None:
        """Count the failure for the network, too.

        Raises:
            RateLimited: unknown networks must wait. Right and wrong passwords get the same answer.
            redis.RedisError: Redis is unavailable.
        """
        if not self.device:
            sign_ins_of_address().count(self.network)
        if self.slowed:
            raise RateLimited(self.slowed)


def begin_sign_in(email: str, device: str | None) -> SignInAttempt:
    """Count an attempt: for a known device by the device, for others by network and account.

    Raises:
        RateLimited: the device, the network, or the network with this account must wait.
        redis.RedisError: Redis is unavailable.
    """
    network = caller_network()
    if device:
        SIGN_INS_OF_DEVICE.attempt(device)
        return SignInAttempt(email, network, device)
    sign_ins_of_address().check(network)
    SIGN_INS_OF_PAIR.attempt(_pair(email, network))
    return SignInAttempt(email, network, None, SIGN_INS_OF_ACCOUNT.count(email))


def forget_failures(email: str) -> None:
    """Clear an account's failures, and those of the caller's network with it.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    SIGN_INS_OF_ACCOUNT.forget(email)
    SIGN_INS_OF_PAIR.forget(_pair(email, caller_network()))


def sign_ins_of_address() -> Guard:
    """Return the guard of network addresses, which many people may share."""
    return Guard("sign-in-address", free=20 * settings().address_allowance, longest=5 * MINUTE)


def service_sign_ins_of_address() -> Guard:
    """Return the guard of network addresses from which services sign in."""
    free = 20 * settings().address_allowance
    return Guard("service-sign-in-address", free=free, longest=5 * MINUTE)


def caller_network() -> str:
    return network_of(caller_address())


def _pair(email: str, network: str) -> str:
    return f"{network} {email}"
