"""Lease environments: a warm one, or a new one while there is room, or a limited wait."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tidings_local.lambda_host.environment import Environment
from tidings_local.lambda_host.errors import HostStoppedError, ThrottledError
from tidings_local.lambda_host.function import Function, FunctionKey


@dataclass(frozen=True, slots=True)
class PoolLimits:
    per_function: int
    total: int
    wait_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A call that waits for an environment."""

    function: Function
    lease: asyncio.Future[Environment]


@dataclass(slots=True)
class Group:
    """The environments of one revision of a function, and the calls that wait for one."""

    idle: list[Environment] = field(default_factory=list)
    busy: set[Environment] = field(default_factory=set)
    waiting: deque[Waiting] = field(default_factory=deque)

    @property
    def empty(self) -> bool:
        return not (self.idle or self.busy or self.waiting)


class EnvironmentPool:
    def __init__(self, create: Callable[[Function], Environment], limits: PoolLimits) -> None:
        self._create = create
        self._limits = limits
        self._groups: dict[FunctionKey, Group] = {}
        self._count = 0
        self._waiting = 0
        self.stopped = False

    async def lease(self, function: Function) -> Environment:
        """Return an environment, at once if one is idle or there is room.

        Raises:
            ThrottledError: none became free within the time that a call may wait.
            HostStoppedError: the host was stopped.
        """
        if self.stopped:
            raise HostStoppedError
        group = self._groups.get(function.key) or self._groups.setdefault(function.key, Group())
        if not group.waiting and (environment := self._take(group, function)):
            return environment
        return await self._wait(group, function)

    def give_back(self, environment: Environment) -> None:
        group = self._groups[environment.function.key]
        group.busy.discard(environment)
        if environment.usable and not environment.retired and not self.stopped:
            environment.idle_since = time.monotonic()
            group.idle.append(environment)
        else:
            self._end(environment)
        if self._waiting:
            self._serve_waiting(group)
        self._forget_if_empty(environment.function.key)

    def retire(self, key: FunctionKey) -> None:
        """End idle environments; busy ones end after their call."""
        if (group := self._groups.get(key)) is None:
            return
        for environment in group.busy:
            environment.retired = True
        self._end_idle_of(group, list(group.idle))

    def end_idle(self, keepalive_seconds: float) -> None:
        """End environments that were idle for this long, and those whose process ended."""
        oldest = time.monotonic() - keepalive_seconds
        for group in list(self._groups.values()):
            old = [each for each in group.idle if each.idle_since < oldest or not each.usable]
            self._end_idle_of(group, old)

    def stop(self) -> None:
        self.stopped = True
        for group in self._groups.values():
            for waiting in group.waiting:
                _refuse(waiting, HostStoppedError())
            for environment in (*group.idle, *group.busy):
                environment.stop()
            group.idle.clear()

    async def _wait(self, group: Group, function: Function) -> Environment:
        loop = asyncio.get_running_loop()
        waiting = Waiting(function, loop.create_future())
        error = ThrottledError(function.arn, self._limits.wait_seconds)
        timer = loop.call_later(self._limits.wait_seconds, _refuse, waiting, error)
        group.waiting.append(waiting)
        self._waiting += 1
        try:
            return await waiting.lease
        except asyncio.CancelledError:
            self._take_back(waiting)
            raise
        finally:
            timer.cancel()
            self._waiting -= 1
            if waiting in group.waiting:
                group.waiting.remove(waiting)
            self._forget_if_empty(function.key)

    def _take_back(self, waiting: Waiting) -> None:
        """Take back the environment of a call that was cancelled while it was being assigned."""
        if waiting.lease.done() and not waiting.lease.cancelled() and not waiting.lease.exception():
            self.give_back(waiting.lease.result())

    def _serve_waiting(self, first: Group) -> None:
        """Give the returned environment, or its room, to a waiting call."""
        for group in (first, *self._groups.values()):
            while group.waiting and not self.stopped:
                waiting = group.waiting[0]
                if waiting.lease.done():
                    group.waiting.popleft()
                elif (environment := self._take(group, waiting.function)) is not None:
                    waiting.lease.set_result(environment)
                    group.waiting.popleft()
                else:
                    break

    def _take(self, group: Group, function: Function) -> Environment | None:
        environment = self._warm(group) or self._new(group, function)
        if environment is not None:
            group.busy.add(environment)
        return environment

    def _warm(self, group: Group) -> Environment | None:
        """Return the environment used last, so that the others become old enough to end."""
        while group.idle:
            environment = group.idle.pop()
            if environment.usable:
                return environment
            self._end(environment)
        return None

    def _new(self, group: Group, function: Function) -> Environment | None:
        limit = self._limits.per_function
        if function.max_environments is not None:
            limit = min(limit, function.max_environments)
        if len(group.busy) >= limit:
            return None
        if self._count >= self._limits.total and not self._make_room():
            return None
        self._count += 1
        return self._create(function)

    def _make_room(self) -> bool:
        idle = [each for group in self._groups.values() for each in group.idle]
        oldest = min(idle, key=lambda each: each.idle_since, default=None)
        if oldest is None:
            return False
        self._end_idle_of(self._groups[oldest.function.key], [oldest])
        return True

    def _end_idle_of(self, group: Group, environments: Iterable[Environment]) -> None:
        for environment in environments:
            group.idle.remove(environment)
            self._end(environment)
            self._forget_if_empty(environment.function.key)

    def _end(self, environment: Environment) -> None:
        self._count -= 1
        environment.stop()

    def _forget_if_empty(self, key: FunctionKey) -> None:
        if (group := self._groups.get(key)) is not None and group.empty:
            del self._groups[key]


def _refuse(waiting: Waiting, error: Exception) -> None:
    if not waiting.lease.done():
        waiting.lease.set_exception(error)
