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
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        status = stack_status(cloudformation) or "DELETE_COMPLETE"
        if status == wanted:
            return
        if status.endswith(("_FAILED", "_COMPLETE")):
            raise LauncherError(f"the deployment ended as {status}", hint=_why(cloudformation))
        time.sleep(POLL_SECONDS)
    raise LauncherError(f"the deployment did not end in {LIMIT_SECONDS} s")


def _why(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=CLOUDFORMATION_STACK)["StackEvents"]
    reasons = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]
    return "; ".join(reasons[-3:]) or "no reason given, see the log of localstack"
