"""The table of call limits by kind of caller, and what a response tells about them.

Responses have `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10). A call
of REST counts 1. A document of GraphQL counts by its cost.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from tidings.platform.errors import RateLimited
from tidings.platform.observability import metrics
from tidings.platform.retention import in_redis
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Counted
from tidings.platform.settings import settings

WINDOW_SECONDS: Final = in_redis.CALLS.seconds
POLICY_HEADER: Final = "RateLimit-Policy"
STATE_HEADER: Final = "RateLimit"
# An environment remembers this many callers who used up their calls.
MAX_REMEMBERED: Final = 1_000


class CallerKind(StrEnum):
    """The kind of a caller; the values are the policies' names in responses."""

    ANONYMOUS = "anonymous"
    CUSTOMER = "customer"
    OPERATOR = "operator"
    SERVICE = "service"


@dataclass(frozen=True)
class Quota:
    """The calls that each caller of one kind may make in `WINDOW_SECONDS`."""

    kind: CallerKind
    # The setting with the number of calls; 0 means no limit.
    setting: str
    # Whether it counts for a network address, and not for an account or a service.
    by_address: bool = False

    @property
    def calls(self) -> int:
        """The number of calls; 0 means no limit."""
        calls: int = getattr(settings(), self.setting)
        return calls * settings().address_allowance if self.by_address else calls


QUOTAS: Final = {
    each.kind: each
    for each in (
        Quota(CallerKind.ANONYMOUS, "anonymous_calls_per_minute", by_address=True),
        Quota(CallerKind.CUSTOMER, "calls_per_minute"),
        Quota(CallerKind.OPERATOR, "operator_calls_per_minute"),
        Quota(CallerKind.SERVICE, "service_calls_per_minute"),
    )
}


class _State(NamedTuple):
    """What the response to the current call tells about its limit."""

    quota: Quota
    calls: int
    remaining: int
    seconds_left: int


_state: ContextVar[_State | None] = ContextVar("rate_limit", default=None)
# Until when callers are refused without asking Redis, by kind and subject.
_refused_until: Final[dict[tuple[CallerKind, str], float]] = {}


def quota_of(principal: Principal | None) -> Quota:
    """Return the quota of a caller."""
    if principal is None:
        return QUOTAS[CallerKind.ANONYMOUS]
    if principal.role is Role.SERVICE:
        return QUOTAS[CallerKind.SERVICE]
    is_operator = principal.role.includes(Role.OPERATOR)
    return QUOTAS[CallerKind.OPERATOR if is_operator else CallerKind.CUSTOMER]


def begin() -> None:
    """Forget what the call before told; call this at the beginning of each request."""
    _state.set(None)


def headers() -> dict[str, str]:
    """Return the headers that tell about the limit of the current call, if it was counted."""
    state = _state.get()
    if state is None:
        return {}
    name = f'"{state.quota.kind.value}"'
    return {
        POLICY_HEADER: f"{name};q={state.calls};w={WINDOW_SECONDS}",
        STATE_HEADER: f"{name};r={state.remaining};t={state.seconds_left}",
    }


def settle(quota: Quota, subject: str, counted: Counted | None) -> None:
    """Tell the response about a count, and refuse the call if it is beyond the quota.

    Args:
        counted: Redis's answer; None if Redis is unavailable, then every call passes.

    Raises:
        RateLimited: the caller made too many calls.
    """
    calls = quota.calls
    if not calls:
        return
    if counted is None or counted.taken is None:
        metrics.count(metrics.CALLS_NOT_COUNTED, {"caller": quota.kind.value})
        return
    seconds = max(1, counted.seconds_left)
    _state.set(_State(quota, calls, max(0, calls - counted.taken), seconds))
    if counted.taken > calls:
        _remember(quota, subject, seconds)
        _refuse(quota, seconds)


def refuse_known(quota: Quota, subject: str) -> None:
    """Refuse a caller who used up the calls of this window, without asking Redis.

    So a flood of calls costs neither a round trip nor the reading of a document.

    Raises:
        RateLimited: this environment has refused the caller in this window.
    """
    until = _refused_until.get((quota.kind, subject))
    if until is None:
        return
    left = until - time.monotonic()
    if left <= 0:
        _refused_until.pop((quota.kind, subject), None)
        return
    seconds = max(1, round(left))
    _state.set(_State(quota, quota.calls, 0, seconds))
    _refuse(quota, seconds)


def forget_refused() -> None:
    """Ask Redis about every caller again; for tests."""
    _refused_until.clear()


def _remember(quota: Quota, subject: str, seconds: int) -> None:
    if len(_refused_until) >= MAX_REMEMBERED:
        _refused_until.clear()
    _refused_until[quota.kind, subject] = time.monotonic() + seconds


def _refuse(quota: Quota, seconds: int) -> None:
    metrics.count(metrics.RATE_LIMITED, {"caller": quota.kind.value})
    raise RateLimited(seconds)
