"""One attempt to finish an event, by Lambda's rules for asynchronous invocations."""

from __future__ import annotations

import logging
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

    async def make(self, event: Event, now: float) -> Later | None:
        """Call the event's function, or send the messages about its end.

        Returns:
            The next step, or None if the event is finished.
        """
        if event.messages:
            return await self._send(event, now)
        if now > event.expires:
            return await self._end(event, now, "EventAgeExceeded")
        try:
            outcome = await self.call(event.function, event.invocation)
        except HostStoppedError:  # it is called after the next start of the runner
            return Later(event, now)
        except UnknownFunctionError:
            return Later(event, now + UNKNOWN_SECONDS)
        except ThrottledError as error:
            if isinstance(error, ReservedConcurrencyError) and error.reserved == 0:
                return await self._end(event, now, "ZeroReservedConcurrency")
            return Later(event.refused(), now + _backoff(event.refusals))
        return await self._after(event, now, outcome)

    async def _after(self, event: Event, now: float, outcome: Outcome) -> Later | None:
        if not outcome.is_error:
            return await self._end(event, now, "Success", outcome)
        if event.failures >= event.rules.retries:
            return await self._end(event, now, "RetriesExhausted", outcome)
        event = event.failed()
        due = now + RETRY_SECONDS * event.failures
        if due > event.expires:
            return await self._end(event, now, "EventAgeExceeded", outcome)
        return Later(event, due)

    async def _end(
        self, event: Event, now: float, condition: str, outcome: Outcome | None = None
    ) -> Later | None:
        if condition != "Success":
            logger.warning("event dropped", extra=_names(event) | {"condition": condition})
        event = event.ended(messages_of(event, condition, outcome))
        return await self._send(event, now) if event.messages else None

    async def _send(self, event: Event, now: float) -> Later | None:
        try:
            await self.send(event)
        except NotSentError as error:
            if event.refusals < MESSAGE_ATTEMPTS:
                return Later(event.refused(), now + _backoff(event.refusals))
            logger.error("messages of an event were lost: %s", error, extra=_names(event))
        return None


def _backoff(times: int) -> float:
    return float(min(2**times, LONGEST_WAIT_SECONDS))


def _names(event: Event) -> dict[str, Any]:
    return {"arn": event.function, "request_id": event.request_id}
