"""What template.yaml says of queues and rules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ...deploying.template import read
from ...settings import CLOUDFORMATION_STACK, ROOT

PREFIX = f"{CLOUDFORMATION_STACK}-"


def consumed_queues(root: Path = ROOT) -> dict[str, str]:
    """Return the function of each consumed queue, without its prefix."""
    return {
        queue: function.removeprefix(PREFIX)
        for function, event in _events(root)
        if event["Type"] == "MQ"
        for queue in event["Properties"]["Queues"]
    }


def rules(root: Path = ROOT) -> dict[str, bool]:
    """Return the full names of the scheduled rules, and whether each is enabled."""
    return {
        _named(event["Properties"]["Name"]): bool(event["Properties"].get("Enabled", True))
        for _, event in _events(root)
        if event["Type"] == "Schedule"
    }


def _events(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each event of each function, with the function's deployed name."""
    for resource in _resources(root).values():
        properties = resource.get("Properties", {})
        for event in properties.get("Events", {}).values():
            yield _named(properties["FunctionName"]), event


@cache
def _resources(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(root)["Resources"]
    return found


def _named(text: str) -> str:
    return text.replace("${AWS::StackName}", CLOUDFORMATION_STACK)
