"""Circuit breakers: after repeated failures, all environments stop calling a provider for a while.

Closed: calls pass. Open, after `FAILURES` within `WINDOW_SECONDS`: calls are refused for
`OPEN_SECONDS`. Half-open: one caller at a time makes a trial call; success closes the circuit,
failure opens it again. The state is shared in Redis; an environment that found a circuit closed
asks again after `CLOSED_FOR_SECONDS`. If Redis is unavailable, each environment uses the failures
that it saw itself.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import RedisError

from tidings.platform.caching import cache
from tidings.platform.logging import logger
from tidings.platform.providers.failures import CircuitOpen, TemporaryFailure
from tidings.platform.retention import in_redis
from tidings.platform.security.limits import digest
from tidings.platform.storage.resting import Resting

FAILURES: Final = 5
WINDOW_SECONDS: Final = 30.0
OPEN_SECONDS: Final = 20.0
# After this time another caller may make the trial call.
TRIAL_SECONDS: Final = 15.0
# An environment that finds the circuit closed asks again after this time, or after a failure.
CLOSED_FOR_SECONDS: Final = 0.2
MAX_CLOSED: Final = 1_000
# A circuit that was open and is not used for this long is closed again.
FORGOTTEN_AFTER_SECONDS: Final = in_redis.BREAKER.seconds

# Returns the milliseconds to wait. 0: the circuit is closed. -1: the caller makes the trial call.
_ASK: Final = """
local wait = redis.call('PTTL', KEYS[2])
if wait > 0 then return wait end
if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
if redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[1]) then return -1 end
return math.max(redis.call('PTTL', KEYS[4]), 1)
"""
# Counts a failure; returns 1 if the circuit opens.
_FAIL: Final = """
if redis.call('EXISTS', KEYS[3]) == 0 then
  local failures = redis.call('INCR', KEYS[1])
  if failures == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  if failures < tonumber(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
redis.call('SET', KEYS[3], '1', 'EX', ARGV[4])
redis.call('DEL', KEYS[1], KEYS[4])
return 1
"""

_resting = Resting("circuit breakers not shared: Redis did not answer")


@dataclass
class _Seen:
    """The failures of a provider that this environment saw while Redis was unavailable."""

    failures: int = 0
    since: float = 0.0
    open_until: float = 0.0


_seen: dict[str, _Seen] = {}
# The time until which a provider's circuit need not be asked for.
_closed: dict[str, float] = {}


@contextmanager
def guarded(provider: str) -> Iterator[None]:
    """Call a provider inside this context; count its failures and check the circuit first.

    Raises:
        CircuitOpen: the circuit is open, so the provider is not called.
    """
    wait = _ask(provider)
    if wait > 0:
        raise CircuitOpen(provider.partition(":")[0], wait)
    try:
        yield
    except TemporaryFailure as failure:
        if failure.of_provider:
            _failed(provider)
        elif wait < 0:
            _works(provider)
        raise
    except Exception:
        # The provider answered, so it works, even if it refused the message.
        if wait < 0:
            _works(provider)
        raise
    if wait < 0 or provider in _seen:
        _works(provider)


def _ask(provider: str) -> float:
    """Return the seconds to wait; negative if this caller makes the trial call."""
    if time.monotonic() < _closed.get(provider, 0.0):
        return 0.0
    milliseconds = _redis(_ASK, provider, _ms(TRIAL_SECONDS))
    if milliseconds is not None:
        if milliseconds == 0:
            _note_closed(provider)
        return float(milliseconds) / 1000
    seen = _seen.get(provider)
    return max(0.0, seen.open_until - time.monotonic()) if seen else 0.0


def _note_closed(provider: str) -> None:
    if len(_closed) >= MAX_CLOSED:
        _closed.clear()
    _closed[provider] = time.monotonic() + CLOSED_FOR_SECONDS


def _failed(provider: str) -> None:
    _closed.pop(provider, None)
    limits = (FAILURES, _ms(WINDOW_SECONDS), _ms(OPEN_SECONDS), FORGOTTEN_AFTER_SECONDS)
    opened = _redis(_FAIL, provider, *limits)
    if opened is None:
        opened = _failed_here(provider)
    if opened:
        logger.warning("circuit opened: provider failed", provider=provider.partition(":")[0])


def _failed_here(provider: str) -> bool:
    seen, at = _seen.setdefault(provider, _Seen()), time.monotonic()
    if seen.failures < FAILURES and at - seen.since > WINDOW_SECONDS:
        seen.failures, seen.since = 0, at
    seen.failures += 1
    if seen.failures < FAILURES:
        return False
    seen.open_until = at + OPEN_SECONDS
    return True


def _works(provider: str) -> None:
    _seen.pop(provider, None)
    try:
        cache.client().delete(*_keys(provider))
    except RedisError:
        return
    logger.info("circuit closed: provider answered", provider=provider.partition(":")[0])


def _redis(script: str, provider: str, *arguments: int) -> Any:
    """Run a script and return its result; None if Redis failed now or a moment ago."""
    given = [str(each) for each in arguments]
    return _resting.ask(lambda: cache.client().eval(script, 4, *_keys(provider), *given))


def _keys(provider: str) -> tuple[str, str, str, str]:
    # The braces make Redis Cluster keep the keys on one node, which the script needs.
    name = f"{{{digest(provider)}}}"
    failures, open_, tripped, trial = (
        cache.key("breaker", name, each) for each in ("failures", "open", "tripped", "trial")
    )
    return failures, open_, tripped, trial


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
