"""One attempt to finish an event, by Lambda's rules for asynchronous invocations."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings_local.lambda_host import HostStoppedError, Invocation, Outcome, ThrottledError
from tidings_local.runner.calls import ReservedConcurrencyError
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.messages import NotSentError, messages_of
from tidings_local.runner.registry import UnknownFunctionError

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 60
"""Before the first retry; the second one waits twice as long."""
LONGEST_WAIT_SECONDS: Final = 300
UNKNOWN_SECONDS: Final = 2.0
"""A function that is not deployed is usually being redeployed."""
MESSAGE_ATTEMPTS: Final = 40
"""About three hours."""

Call = Callable[[str, Invocation], Awaitable[Outcome]]
Send = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Later:
    """The next step of an event, and its time."""

    event: Event
    due: float


@dataclass(frozen=True, slots=True)
class Attempts:
    call: Call
    send: Send
    """Raises NotSentError."""
    clock: Callable[[], float] = time.time
    """Read after each call and each message, because a call may take longer than a pause."""

    async def make(self, event: Event) -> Later | None:
        """Call the event's function, or send the messages about its end.

        Returns:
            The next step, or None if the event is finished.
        """
        if event.messages:
            return await self._send(event)
        if self.clock() > event.expires:
            return await self._end(event, "EventAgeExceeded")
        try:
            outcome = await self.call(event.function, event.invocation)
        except HostStoppedError:  # it is called after the next start of the runner
            return Later(event, self.clock())
        except UnknownFunctionError:
            return Later(event, self.clock() + UNKNOWN_SECONDS)
        except ThrottledError as error:
            if isinstance(error, ReservedConcurrencyError) and error.reserved == 0:
                return await self._end(event, "ZeroReservedConcurrency")
            return self._again(event)
        return await self._after(event, outcome)

    async def _after(self, event: Event, outcome: Outcome) -> Later | None:
        if not outcome.is_error:
            return await self._end(event, "Success", outcome)
        if event.failures >= event.rules.retries:
            return await self._end(event, "RetriesExhausted", outcome)
        event = event.failed()
        due = self.clock() + RETRY_SECONDS * event.failures
        if due > event.expires:
            return await self._end(event, "EventAgeExceeded", outcome)
        return Later(event, due)

    async def _end(
        self, event: Event, condition: str, outcome: Outcome | None = None
    ) -> Later | None:
        if condition != "Success":
            logger.warning("event dropped", extra=_names(event) | {"condition": condition})
        event = event.ended(messages_of(event, condition, outcome))
        return await self._send(event) if event.messages else None

    async def _send(self, event: Event) -> Later | None:
        try:
            await self.send(event)
        except NotSentError as error:
            if event.refusals < MESSAGE_ATTEMPTS:
                return self._again(event)
            logger.error("messages of an event were lost: %s", error, extra=_names(event))
        return None

    def _again(self, event: Event) -> Later:
        """Repeat a refused call or message after a pause, which grows with each refusal."""
        pause = float(min(2**event.refusals, LONGEST_WAIT_SECONDS))
        return Later(event.refused(), self.clock() + pause)


def _names(event: Event) -> dict[str, Any]:
    return {"arn": event.function, "request_id": event.request_id}
