"""Creates or updates the CloudFormation stack, and says why when it fails."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from .errors import LauncherError

CLOUDFORMATION_STACK = "tidings"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
POLL_SECONDS = 0.2
LIMIT_SECONDS = 180


def deploy(cloudformation: Any, template_url: str, parameters: dict[str, str]) -> None:
    status = stack_status(cloudformation)
    if status is not None and not _can_update(status):
        cloudformation.delete_stack(StackName=CLOUDFORMATION_STACK)
        _wait_for_stack(cloudformation, "DELETE_COMPLETE")
        status = None
    change_set = f"deploy-{time.time_ns()}"
    cloudformation.create_change_set(
        StackName=CLOUDFORMATION_STACK,
        ChangeSetName=change_set,
        ChangeSetType="UPDATE" if status else "CREATE",
        TemplateURL=template_url,
        Capabilities=CAPABILITIES,
        Parameters=declared(cloudformation, template_url, parameters),
    )
    if _change_set_is_ready(cloudformation, change_set):
        cloudformation.execute_change_set(StackName=CLOUDFORMATION_STACK, ChangeSetName=change_set)
        _wait_for_stack(cloudformation, "UPDATE_COMPLETE" if status else "CREATE_COMPLETE")


def declared(
    cloudformation: Any, template_url: str, values: dict[str, str]
) -> list[dict[str, str]]:
    """Only the parameters that the template has."""
    summary = cloudformation.get_template_summary(TemplateURL=template_url)
    names = [parameter["ParameterKey"] for parameter in summary.get("Parameters", [])]
    return [
        {"ParameterKey": name, "ParameterValue": values[name]} for name in names if name in values
    ]


def stack_status(cloudformation: Any) -> str | None:
    try:
        found = cloudformation.describe_stacks(StackName=CLOUDFORMATION_STACK)["Stacks"]
    except ClientError:
        return None
    status = str(found[0]["StackStatus"]) if found else None
    return None if status in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"} else status


def _can_update(status: str) -> bool:
    return status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


def _change_set_is_ready(cloudformation: Any, name: str) -> bool:
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        found = cloudformation.describe_change_set(
            StackName=CLOUDFORMATION_STACK, ChangeSetName=name
        )
        if found["Status"] == "CREATE_COMPLETE":
            return True
        if found["Status"] == "FAILED":
            return _nothing_changed_or_raise(found.get("StatusReason", ""))
        time.sleep(POLL_SECONDS)
    raise LauncherError(f"CloudFormation made no change set in {LIMIT_SECONDS} s")


def _nothing_changed_or_raise(reason: str) -> bool:
    if "didn't contain changes" in reason or "No updates" in reason:
        return False
    raise LauncherError("CloudFormation refused the template", hint=reason)


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
