"""Leases environments: a warm one, or a new one while there is room, or a bounded wait."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from tidings_local.lambda_host.environment import Environment
from tidings_local.lambda_host.errors import HostStoppedError, ThrottledError
from tidings_local.lambda_host.function import Function, FunctionKey

Environments = list[Environment]


@dataclass(frozen=True, slots=True)
class PoolLimits:
    per_function: int
    total: int
    wait_seconds: float


class EnvironmentPool:
    def __init__(self, create: Callable[[Function], Environment], limits: PoolLimits) -> None:
        self._create = create
        self._limits = limits
        self._changed = Condition()
        self._idle: defaultdict[FunctionKey, Environments] = defaultdict(list)
        self._busy: defaultdict[FunctionKey, set[Environment]] = defaultdict(set)
        self._stopped = False

    def lease(self, function: Function) -> Environment:
        deadline = time.monotonic() + self._limits.wait_seconds
        ended: Environments = []
        try:
            with self._changed:
                environment = self._wait_for_one(function, deadline, ended)
                self._busy[function.key].add(environment)
                return environment
        finally:
            _stop_all(ended)

    def give_back(self, environment: Environment) -> None:
        key = environment.function.key
        with self._changed:
            self._busy[key].discard(environment)
            keep = environment.usable and not environment.retired and not self._stopped
            if keep:
                environment.idle_since = time.monotonic()
                self._idle[key].append(environment)
            else:
                self._forget_if_empty(key)
            self._changed.notify_all()
        if not keep:
            environment.stop()

    def retire(self, key: FunctionKey) -> None:
        """Ends what is idle; what is busy finishes its call and then ends."""
        with self._changed:
            idle = self._idle.pop(key, [])
            for environment in self._busy.get(key, ()):
                environment.retired = True
            self._changed.notify_all()
        _stop_all(idle)

    def end_idle(self, keepalive_seconds: float) -> None:
        oldest = time.monotonic() - keepalive_seconds
        with self._changed:
            ended = [each for each in self._all_idle() if each.idle_since < oldest]
            self._remove_idle(ended)
        _stop_all(ended)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            everything = [*self._all_idle(), *self._all_busy()]
            self._idle.clear()
            self._changed.notify_all()
        _stop_all(everything)

    def _wait_for_one(
        self, function: Function, deadline: float, ended: Environments
    ) -> Environment:
        while not self._stopped:
            if environment := self._warm(function.key, ended) or self._new(function, ended):
                return environment
            if not self._changed.wait(deadline - time.monotonic()):
                raise ThrottledError(function.arn, self._limits.wait_seconds)
        raise HostStoppedError

    def _warm(self, key: FunctionKey, ended: Environments) -> Environment | None:
        """The one used last: the others get old enough to be ended."""
        idle = self._idle.get(key, [])
        while idle:
            environment = idle.pop()
            if environment.usable:
                return environment
            ended.append(environment)
        return None

    def _new(self, function: Function, ended: Environments) -> Environment | None:
        limit = self._limits.per_function
        if function.max_environments is not None:
            limit = min(limit, function.max_environments)
        if len(self._busy.get(function.key, ())) >= limit:
            return None
        if self._count() >= self._limits.total and not self._make_room(ended):
            return None
        return self._create(function)

    def _make_room(self, ended: Environments) -> bool:
        oldest = min(self._all_idle(), key=lambda each: each.idle_since, default=None)
        if oldest is None:
            return False
        self._remove_idle([oldest])
        ended.append(oldest)
        return True

    def _count(self) -> int:
        return len(self._all_idle()) + len(self._all_busy())

    def _all_idle(self) -> Environments:
        return [each for group in self._idle.values() for each in group]

    def _all_busy(self) -> Environments:
        return [each for group in self._busy.values() for each in group]

    def _remove_idle(self, environments: Environments) -> None:
        for environment in environments:
            self._idle[environment.function.key].remove(environment)
            self._forget_if_empty(environment.function.key)

    def _forget_if_empty(self, key: FunctionKey) -> None:
        for groups in (self._idle, self._busy):
            if not groups.get(key, True):
                del groups[key]


def _stop_all(environments: Environments) -> None:
    for environment in environments:
        environment.stop()
