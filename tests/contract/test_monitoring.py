"""Alerts and dashboards: complete, consistent, accepted by promtool."""

import itertools
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.contract.project import ROOT, template
from tests.dashboards import MONITORING, alerts, dashboards, panel_queries

PROMTOOL: Final = shutil.which("promtool")
PROMETHEUS: Final = MONITORING / "prometheus"

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(
        [PROMTOOL or "promtool", *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_promtool_accepts_configuration_and_rules(tmp_path: Path) -> None:
    copied = tmp_path / "prometheus"
    shutil.copytree(PROMETHEUS, copied)
    (copied / "targets").mkdir()
    for name in ("ca.crt", "metrics-token"):
        (copied / "targets" / name).touch()
    for job in ("functions", "runner", "bridge", "live", "rabbitmq"):
        (copied / "targets" / f"{job}.json").write_text("[]")
    assert "SUCCESS" in promtool("check", "config", copied / "prometheus.yml")


@needs_promtool
def test_alerts_fire_when_they_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", *PROMETHEUS.glob("tests/*.yml"))


def test_each_alert_has_a_test_in_which_it_fires() -> None:
    cases = [yaml.safe_load(file.read_text()) for file in PROMETHEUS.glob("tests/*.yml")]
    fired = {
        check["alertname"]
        for case in cases
        for test in case["tests"]
        for check in test["alert_rule_test"]
        if check["exp_alerts"]
    }
    assert fired == set(alerts())


def test_each_alarm_of_aws_has_an_alert() -> None:
    resources = template()["Resources"]
    alarms = {name for name, each in resources.items() if "CloudWatch::Alarm" in each["Type"]}
    alarms = {name for name in alarms if resources[name]["Properties"].get("AlarmName")}
    siblings = {rule["labels"].get("alarm") for rule in alerts().values()} - {None}
    deployments = {name for name in alarms if name.startswith(("Canary", "Deploy"))}
    assert siblings == alarms - deployments
    assert all(name == rule["labels"].get("alarm", name) for name, rule in alerts().items())


def test_alerts_say_how_urgent_they_are() -> None:
    assert {rule["labels"]["severity"] for rule in alerts().values()} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in alerts().values())


def test_page_lists_the_alerts_with_their_severities() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (page|ticket) \|", page, re.MULTILINE)
    severities = {name: rule["labels"]["severity"] for name, rule in alerts().items()}
    assert dict(listed) == severities
    assert len(listed) == len(severities)


def test_dashboards_are_the_five_that_operators_know() -> None:
    found = dashboards()
    assert set(found) == {"overview", "messaging", "delivery", "campaigns", "functions"}
    assert {each["uid"] for each in found.values()} == {f"tidings-{name}" for name in found}


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_panels_have_queries_and_do_not_overlap(name: str) -> None:
    panels = dashboards()[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])
    assert all(panel["targets"] for panel in panels)
    boxes = [panel["gridPos"] for panel in panels]
    assert all(box["x"] + box["w"] <= 24 for box in boxes)
    assert [pair for pair in itertools.combinations(boxes, 2) if _overlap(*pair)] == []


def _overlap(one: dict[str, int], two: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
    below = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
    return not (beside or below)


def test_panels_use_the_provisioned_sources() -> None:
    file = MONITORING / "grafana/provisioning/datasources/tidings.yml"
    known = {each["uid"] for each in yaml.safe_load(file.read_text())["datasources"]}
    used = {
        panel["datasource"]["uid"] for each in dashboards().values() for panel in each["panels"]
    }
    assert used == known


def test_rates_use_the_interval_of_the_scrapes() -> None:
    """A fixed window below four scrapes has gaps; longer ones are sums of an hour."""
    windows = {w for each in panel_queries() for w in re.findall(r"\[([^]]+)\]", each.text)}
    assert windows <= {"$__rate_interval", "5m", "1h"}


def test_loki_listens_on_the_loopback() -> None:
    text = (MONITORING / "loki" / "loki.yml").read_text()
    server: dict[str, Any] = yaml.safe_load(text)["server"]
    for name in ("http_listen_address", "grpc_listen_address"):
        assert server[name] == "${TIDINGS_LOKI_ADDRESS:-127.0.0.1}"
