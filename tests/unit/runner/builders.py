"""Builders of functions and outcomes, and stand-ins for the parts of the runner."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tidings_local.lambda_host import Function, FunctionKey, Invocation, Outcome
from tidings_local.runner.records.call_record import CallRecord

PREFIX = "arn:aws:lambda:us-east-1:000000000000:function"


def a_function(name: str = "orders", version: str = "$LATEST", **settings: Any) -> Function:
    given: dict[str, Any] = {
        "name": name,
        "version": version,
        "arn": f"{PREFIX}:{name}:{version}",
        "revision": "1",
        "handler": "app.handler",
        "code_dir": Path("/code"),
        "log_group": f"/aws/lambda/{name}",
    }
    return Function(**given | settings)


def an_outcome(**settings: Any) -> Outcome:
    given: dict[str, Any] = {
        "request_id": "r-1",
        "payload": b'"done"',
        "is_error": False,
        "logs": "START\n",
    }
    return Outcome(**given | settings)


def a_record(text: str = "START\nEND\n", **settings: Any) -> CallRecord:
    given: dict[str, Any] = {
        "account": "000000000000",
        "region": "us-east-1",
        "function": "orders",
        "log_group": "/aws/lambda/orders",
        "log_stream": "2026/11/29/[$LATEST]a",
        "text": text,
        "ended_ms": 1_000_000,
        "duration_ms": 20.0,
        "is_error": False,
        "concurrent": 1,
        "concurrent_in_all": 1,
    }
    return CallRecord(**given | settings)


@dataclass
class FakeHost:
    """A Lambda host that answers when a test lets it, or fails."""

    outcome: Outcome = field(default_factory=an_outcome)
    error: Exception | None = None
    may_answer: asyncio.Event | None = None
    called: list[tuple[Function, Invocation]] = field(default_factory=list)

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        self.called.append((function, invocation))
        if self.may_answer:
            await self.may_answer.wait()
        if self.error:
            raise self.error
        return self.outcome


@dataclass
class FakeRecorder:
    told: list[tuple[str, str]] = field(default_factory=list)

    def begins(self, function: Function) -> None:
        self.told.append(("begins", function.name))

    def ends(self, function: Function, outcome: Outcome) -> None:
        self.told.append(("ends", function.name))

    def is_throttled(self, function: Function) -> None:
        self.told.append(("is throttled", function.name))

    def is_given_up(self, function: Function) -> None:
        self.told.append(("is given up", function.name))


@dataclass
class Told:
    """Records the functions and stages that a deployment passes on."""

    prepared: list[Function] = field(default_factory=list)
    retired: list[FunctionKey] = field(default_factory=list)
    routed: list[Any] = field(default_factory=list)
