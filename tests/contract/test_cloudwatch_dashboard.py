"""The dashboard on AWS shows each alarm, and metrics that this stack has."""

import json
import re
from typing import Any, Final

import pytest

from tests.contract.project import ROOT, template

# docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
WIDGETS: Final = 500
METRICS: Final = 500
COLUMNS: Final = 24
OWN: Final = "Tidings/${AWS::StackName}"


def body_text() -> str:
    text: str = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return text


@pytest.fixture(scope="module")
def widgets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body_text())["widgets"]
    return found


def test_dashboard_is_within_the_limits(widgets: list[dict[str, Any]]) -> None:
    assert 0 < len(widgets) <= WIDGETS
    assert all(len(each["properties"].get("metrics", [])) <= METRICS for each in widgets)
    assert all(each["x"] + each["width"] <= COLUMNS for each in widgets)


def test_each_alarm_that_always_exists_is_shown() -> None:
    alarms = {
        name
        for name, each in template()["Resources"].items()
        if each["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in each
    }
    assert set(re.findall(r"\$\{(\w+)\.Arn\}", body_text())) == alarms


def test_each_reference_exists() -> None:
    names = {name.partition(".")[0] for name in re.findall(r"\$\{([^}:]+)\}", body_text())}
    assert names <= template()["Resources"].keys() | template()["Parameters"].keys()


def test_own_metrics_are_those_that_the_rule_sends(widgets: list[dict[str, Any]]) -> None:
    source = (ROOT / "layers/tidings/tidings/monitoring/measuring.py").read_text()
    sent = set(re.findall(r'emf\.emit\("(\w+)"', source))
    assert shown_of(widgets, OWN) <= sent
    assert shown_of(widgets, OWN) >= {"OutboxAge", "FailedMessages", "QueueDepth"}


def shown_of(widgets: list[dict[str, Any]], namespace: str) -> set[str]:
    found = set()
    for widget in widgets:
        last = ""
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], dict):
                searched = metric[0]["expression"]
                if "{" + namespace in searched:
                    found |= set(re.findall(r'MetricName="(\w+)"', searched))
                continue
            last = last if metric[0] in {".", "..."} else metric[0]
            if last == namespace and metric[0] != "...":
                found.add(metric[1])
    return found
