"""The host that calls use: it runs the working tree's code, and reports calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tidings_local.lambda_host import Function, Invocation, Outcome
from tidings_local.runner.dev.overlay import Overlay
from tidings_local.runner.dev.seen_calls import SeenCalls


class Host(Protocol):
    """The part of `LambdaHost` that is used here."""

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class DevHost:
    host: Host
    overlay: Overlay
    seen: SeenCalls

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        """Call the function, or the code that `make dev` has set for it.

        Raises:
            ThrottledError: its environments stayed busy.
            HostStoppedError: the runner is stopping.
        """
        outcome = await self.host.invoke(self.overlay.of(function), invocation)
        if self.overlay.is_laid:
            self.seen.add(function, outcome)
        return outcome
