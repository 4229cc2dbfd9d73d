"""`make run-rule`: fire a scheduled rule now, with the event that EventBridge sends."""

from __future__ import annotations

import json
import uuid
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..aws import ACCOUNT, REGION, client
from ..errors import LauncherError
from ..running.stack import Stack

PREFIX = "tidings-"


@dataclass(frozen=True)
class Invocation:
    function: str
    result: Any
    failed: bool
    log: str


def scheduled_event(rule_arn: str, at: datetime | None = None) -> dict[str, Any]:
    """Return the event that EventBridge sends for a rule with a schedule.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduled.html
    """
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": _in_utc(at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [rule_arn],
        "detail": {},
    }


def _in_utc(moment: datetime) -> datetime:
    """Convert a time to UTC; a time without a zone is UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def rule_names(stack: Stack) -> list[str]:
    """Return the names of the rules without their prefix."""
    pages = client(stack, "events").get_paginator("list_rules").paginate(NamePrefix=PREFIX)
    return sorted(rule["Name"].removeprefix(PREFIX) for page in pages for rule in page["Rules"])


def invoke_rule(stack: Stack, name: str | None, at: datetime | None = None) -> list[Invocation]:
    """Fire a rule for this time, or for now; a job runs once for each time."""
    known = rule_names(stack)
    if name not in known:
        problem = f"there is no rule {name}" if name else "RULE is missing: make run-rule RULE=..."
        raise LauncherError(problem, hint=f"rules: {', '.join(known) or 'none'}")
    events = client(stack, "events")
    full_name = PREFIX + name
    event = scheduled_event(events.describe_rule(Name=full_name)["Arn"], at)
    targets = events.list_targets_by_rule(Rule=full_name)["Targets"]
    return [invoke(stack, target["Arn"], _input_of(target, event)) for target in targets]


def _input_of(target: dict[str, Any], event: dict[str, Any]) -> Any:
    return json.loads(target["Input"]) if target.get("Input") else event


def invoke(stack: Stack, function: str, event: Any) -> Invocation:
    answer = client(stack, "lambda").invoke(
        FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail"
    )
    payload = answer["Payload"].read()
    return Invocation(
        function=function.rpartition(":")[2],
        result=json.loads(payload) if payload else None,
        failed="FunctionError" in answer,
        log=b64decode(answer.get("LogResult", "")).decode(errors="replace"),
    )
