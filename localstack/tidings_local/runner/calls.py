"""Calls of deployed functions: find the version, run it, record it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from tidings_local.lambda_host import Function, Invocation, Outcome, ThrottledError
from tidings_local.runner.registry import Registry, Target


class ReservedConcurrencyError(ThrottledError):
    """The function's reserved concurrency is in use, counting all its versions."""

    def __init__(self, arn: str, reserved: int) -> None:
        super().__init__(arn, 0)
        self.reserved = reserved


class Host(Protocol):
    """The part of `LambdaHost` that calls use."""

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome: ...


class Recorder(Protocol):
    """Records each call."""

    def begins(self, function: Function) -> None: ...

    def ends(self, function: Function, outcome: Outcome) -> None: ...

    def is_throttled(self, function: Function) -> None: ...

    def is_given_up(self, function: Function) -> None: ...


@dataclass(frozen=True, slots=True)
class Calls:
    registry: Registry
    host: Host
    recorder: Recorder
    _under_way: Counter[str] = field(default_factory=Counter)
    """By the function's ARN without a version."""

    async def invoke(self, name: str, invocation: Invocation) -> Outcome:
        """Call the function with this name or ARN.

        Raises:
            UnknownFunctionError: it is not deployed.
            ReservedConcurrencyError: its reserved concurrency is in use.
            ThrottledError: its environments stayed busy.
            HostStoppedError: the runner is stopping.
        """
        return await self.run(self.registry.find(name), invocation)

    async def run(self, target: Target, invocation: Invocation) -> Outcome:
        """Call a version that was found; see `invoke`."""
        reserved = target.reserved_concurrency
        if reserved is not None and self._under_way[target.arn] >= reserved:
            self.recorder.is_throttled(target.function)
            raise ReservedConcurrencyError(target.function.arn, reserved)
        # Shielded: if its caller leaves, a call continues, and is logged and counted, as on AWS.
        return await asyncio.shield(self._run(target, invocation))

    async def _run(self, target: Target, invocation: Invocation) -> Outcome:
        function = target.function
        self._under_way[target.arn] += 1
        self.recorder.begins(function)
        try:
            outcome = await self.host.invoke(function, invocation)
        except BaseException as error:
            self.recorder.is_given_up(function)
            if isinstance(error, ThrottledError):
                self.recorder.is_throttled(function)
            raise
        finally:
            self._under_way[target.arn] -= 1
        self.recorder.ends(function, outcome)
        return outcome
