"""Read infra/monitoring: the alerts, and the queries of the dashboards."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from bootstrap import ROOT

MONITORING: Final = ROOT / "infra" / "monitoring"
RULES: Final = MONITORING / "prometheus" / "rules" / "tidings.yml"


@dataclass(frozen=True)
class Query:
    """A query of Prometheus, and where it stands."""

    place: str
    text: str

    def over(self, window: str) -> str:
        return self.text.replace("$__rate_interval", window)


def alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def dashboards() -> dict[str, dict[str, Any]]:
    files = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def panel_queries() -> list[Query]:
    return [
        Query(f"{name}: {panel['title']}", target["expr"])
        for name, dashboard in dashboards().items()
        for panel in dashboard["panels"]
        for target in panel["targets"]
        if panel["datasource"]["uid"] == "prometheus"
    ]


def alert_series() -> list[Query]:
    """Return the metrics in the alerts' conditions, which have data also while all is well."""
    found = {
        Query(name, metric)
        for name, rule in alerts().items()
        for metric in re.findall(r"\b(?:tidings_\w+|rabbitmq_\w+|up)\b(?!\s*\()", rule["expr"])
    }
    return sorted(found, key=lambda each: (each.place, each.text))
