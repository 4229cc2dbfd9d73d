"""Create the CloudFormation stack, and report the reason of a failure."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from ..errors import LauncherError
from ..settings import CLOUDFORMATION_STACK

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
NO_SUCH_STACK = "ValidationError"
POLL_SECONDS = 0.2
LIMIT_SECONDS = 180
"""The time for a change set, and the longest time in which a creation may make no progress."""


def create(cloudformation: Any, template_url: str, parameters: dict[str, str]) -> None:
    """Create the stack with these values of the template's parameters.

    Raises:
        LauncherError: the template was refused, or one of its resources could not be created.
    """
    change_set = f"deploy-{time.time_ns()}"
    cloudformation.create_change_set(
        StackName=CLOUDFORMATION_STACK,
        ChangeSetName=change_set,
        ChangeSetType="CREATE",
        TemplateURL=template_url,
        Capabilities=CAPABILITIES,
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
    )
    _wait_for_change_set(cloudformation, change_set)
    cloudformation.execute_change_set(StackName=CLOUDFORMATION_STACK, ChangeSetName=change_set)
    _wait_for_stack(cloudformation, "CREATE_COMPLETE")


def stack_status(cloudformation: Any) -> str | None:
    """Return the status of our stack, or None if it does not exist.

    Raises:
        ClientError: CloudFormation did not return it.
    """
    try:
        found = cloudformation.describe_stacks(StackName=CLOUDFORMATION_STACK)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != NO_SUCH_STACK:
            raise
        return None
    return str(found[0]["StackStatus"]) if found else None


def _wait_for_change_set(cloudformation: Any, name: str) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        found = cloudformation.describe_change_set(
            StackName=CLOUDFORMATION_STACK, ChangeSetName=name
        )
        if found["Status"] == "CREATE_COMPLETE":
            return
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            raise LauncherError("CloudFormation refused the template", hint=reason)
        time.sleep(POLL_SECONDS)
    raise LauncherError(f"CloudFormation created no change set in {LIMIT_SECONDS} s")


def _wait_for_stack(cloudformation: Any, wanted: str) -> None:
    """Wait as long as CloudFormation reports new events: a busy machine needs minutes."""
    events = -1
    while (now := len(_events(cloudformation))) > events:
        events = now
        if _reached(cloudformation, wanted):
            return
    raise LauncherError(
        f"the deployment made no progress for {LIMIT_SECONDS} s",
        hint=f"CloudFormation reported {events} events, then no more; see the log of localstack",
    )


def _reached(cloudformation: Any, wanted: str) -> bool:
    """Return whether the stack reached the wanted status within the limit."""
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        status = stack_status(cloudformation) or "DELETE_COMPLETE"
        if status == wanted:
            return True
        if status.endswith(("_FAILED", "_COMPLETE")):
            raise LauncherError(f"the deployment ended as {status}", hint=_why(cloudformation))
        time.sleep(POLL_SECONDS)
    return False


def _events(cloudformation: Any) -> list[dict[str, Any]]:
    found = cloudformation.describe_stack_events(StackName=CLOUDFORMATION_STACK)["StackEvents"]
    return list(found)


def _why(cloudformation: Any) -> str:
    reasons = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in _events(cloudformation)
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]
    return "; ".join(reasons[-3:]) or "no reason given, see the log of localstack"
