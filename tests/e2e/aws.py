"""The actions of an operator of the AWS account: invoke functions, fire rules, read logs."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import boto3


@cache
def client(service: str) -> Any:
    """Return a client of the stack's LocalStack (AWS_ENDPOINT_URL, set by `make test`)."""
    sdk: Any = boto3  # its stubs overload client() for each service by name
    return sdk.client(service)


def invoke(function: str, event: dict[str, Any]) -> Any:
    """Return a function's answer.

    Raises:
        AssertionError: it failed.
    """
    answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read() or "null")
    assert "FunctionError" not in answer, payload
    return payload


def rule_event(time: datetime | None = None) -> dict[str, Any]:
    """Return a rule's event for a new time on the first day of 2099.

    A job runs once for each time, so each test needs a new one. Pass an earlier time if the job
    would change the data of other tests: in 2099 everything is overdue.
    """
    of_its_own = timedelta(microseconds=secrets.randbelow(10**10))
    moment = time or datetime(2099, 1, 1, 9, tzinfo=UTC) + of_its_own
    return {"id": str(uuid4()), "time": moment.isoformat()}


def log_lines(function: str, since: datetime, **wanted: str) -> list[dict[str, Any]]:
    """Return a function's structured log lines with these values, written since a time.

    A function that was not called yet has no log group, and no lines.
    """
    logs = client("logs")
    found = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function}", startTime=int(since.timestamp() * 1000)
    )
    try:
        lines = [_parsed(event["message"]) for page in found for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [line for line in lines if wanted.items() <= line.items()]


def log_since(start: float) -> list[str]:
    """Return the log lines of all functions since that time (seconds since the epoch)."""
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/tidings-")
    events = [
        event
        for group in groups["logGroups"]
        for event in client("logs").filter_log_events(
            logGroupName=group["logGroupName"], startTime=int(start * 1000)
        )["events"]
    ]
    return [event["message"].rstrip() for event in sorted(events, key=lambda e: e["timestamp"])]


def _parsed(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
