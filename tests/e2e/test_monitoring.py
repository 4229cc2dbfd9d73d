"""A real Prometheus scrapes the stack; each panel and alert has data after a customer's story."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import yaml

from bootstrap import ROOT
from tests.dashboards import Query, alert_series, alerts, panel_queries
from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.ports import reserved_port
from tests.settings import stack_under_test
from tests.waiting import eventually
from tidings_local.launcher.running.credentials import load_or_make
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.monitoring import write_configuration
from tidings_local.launcher.running.stack import Stack

PROGRAM = shutil.which("prometheus")
JOBS = {"functions", "runner", "bridge", "live", "rabbitmq"}
START = "mutation($id: ID!) { startCampaign(id: $id) { state } }"
CREATE = "mutation($i: CreateCampaignInput!) { createCampaign(input: $i) { id } }"

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="prometheus is not installed")


class Prometheus:
    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self._http.get("/-/ready").status_code == 200
        return False

    def scraped(self) -> set[str]:
        return {each["metric"]["job"] for each in self.ask("up == 1")}

    def rules(self) -> list[dict[str, Any]]:
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def ask(self, query: str) -> list[dict[str, Any]]:
        answer = self._http.get("/api/v1/query", params={"query": query}).json()
        assert answer["status"] == "success", (query, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return [each for each in found if each["value"][1] != "NaN"]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    under_test = stack_under_test()
    base = urlsplit(under_test.api_url).port
    assert base
    real = Stack(under_test.name, ROOT / ".tidings" / "stacks" / under_test.name, Ports(base))
    _write(folder, real)
    with reserved_port() as port, (folder / "log").open("w") as log:
        command = [
            str(PROGRAM),
            f"--config.file={folder / 'prometheus' / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            found = Prometheus(port)
            eventually(found.is_ready)
            eventually(lambda: found.scraped() == JOBS, what="a scrape of every target")
            yield found
        finally:
            process.terminate()
            process.wait(60)


def _write(folder: Path, stack: Stack) -> None:
    """Write the configuration of this stack, with shorter intervals, outside of its folder."""
    write_configuration(stack, load_or_make(stack.folder), folder)
    file = folder / "prometheus" / "prometheus.yml"
    content = yaml.safe_load(file.read_text())
    content["global"] |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    file.write_text(json.dumps(content))


@pytest.fixture(scope="module")
def story(prometheus: Prometheus, shop: Shop, admin: Shop) -> None:
    """A customer orders, gets mails, and is reached by a campaign."""
    customer, language = shop.register(), f"x-{uuid4().hex[:8]}"
    customer.rest("PUT", "/users/me/preferences", {"language": language})
    order = customer.place_order(admin.create_product(stock=3))
    eventually(lambda: customer.order_state(order) == "CONFIRMED")
    draft = {
        "name": "Winter days",
        "templateCode": "promotion",
        "schedule": {"kind": "NEXT_FRIDAY"},
        "audience": {"language": language},
    }
    admin.graphql(START, id=admin.graphql(CREATE, i=draft)["createCampaign"]["id"])
    invoke("tidings-send-promotions", rule_event())


@pytest.mark.usefixtures("story")
def test_every_panel_and_alert_has_data(prometheus: Prometheus) -> None:
    waiting = [*panel_queries(), *alert_series()]
    assert len(waiting) > 50

    def without_data() -> list[Query]:
        nonlocal waiting
        waiting = [each for each in waiting if not prometheus.ask(each.over("1m"))]
        return waiting

    try:
        eventually(lambda: not without_data(), seconds=120)
    except AssertionError:
        assert waiting == []
        raise


def test_alerts_are_loaded(prometheus: Prometheus) -> None:
    eventually(lambda: {each["health"] for each in prometheus.rules()} == {"ok"})
    assert {each["name"] for each in prometheus.rules()} == set(alerts())
