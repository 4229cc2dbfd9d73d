"""An event: an accepted call for which no caller waits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

import orjson

from tidings_local.lambda_host import Invocation
from tidings_local.runner.events.rules import EventRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    function: str
    """The ARN of the version."""
    payload: str
    request_id: str
    invoked_arn: str
    trace_id: str | None
    client_context: str | None
    rules: EventRules
    accepted: float
    """In seconds since 1970, as all times here."""
    failures: int = 0
    """The number of calls that the function answered with an error."""
    refusals: int = 0
    """The number of failures in a row without an answer: no function, or no LocalStack for its
    messages."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """The messages that LocalStack has to send after the event's end."""

    @classmethod
    def of(cls, function: str, invocation: Invocation, rules: EventRules, accepted: float) -> Self:
        """Return the event of a call.

        Raises:
            ValueError: its payload is not text.
        """
        return cls(
            function=function,
            payload=invocation.payload.decode(),
            request_id=invocation.request_id,
            invoked_arn=invocation.invoked_arn,
            trace_id=invocation.trace_id,
            client_context=invocation.client_context,
            rules=rules,
            accepted=accepted,
        )

    @classmethod
    def read(cls, form: bytes) -> Self:
        """Return the event that `written` wrote."""
        fields = orjson.loads(form)
        return cls(**fields | {"rules": EventRules(**fields["rules"])})

    def written(self) -> bytes:
        return orjson.dumps(self)

    @property
    def invocation(self) -> Invocation:
        return Invocation(
            payload=self.payload.encode(),
            request_id=self.request_id,
            invoked_arn=self.invoked_arn,
            trace_id=self.trace_id,
            client_context=self.client_context,
        )

    @property
    def expires(self) -> float:
        return self.accepted + self.rules.max_age_seconds

    def refused(self) -> Self:
        return replace(self, refusals=self.refusals + 1)

    def failed(self) -> Self:
        return replace(self, failures=self.failures + 1, refusals=0)

    def ended(self, messages: list[dict[str, Any]]) -> Self:
        return replace(self, messages=messages, refusals=0)
