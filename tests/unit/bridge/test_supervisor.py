"""The supervisor's workers follow the listed mappings, and so do their metrics."""

from types import SimpleNamespace
from typing import Any

import pytest

from tidings_local.bridge import supervisor as module
from tidings_local.bridge.mapping import Mapping
from tidings_local.bridge.metrics import Metrics
from tidings_local.bridge.report import MappingReport, State
from tidings_local.bridge.settings import BridgeSettings
from tidings_local.bridge.supervisor import Supervisor

LABELS = {"queue": "orders", "function": "tidings-orders"}


def mapping(uuid: str) -> Mapping:
    return Mapping.model_validate(
        {
            "UUID": uuid,
            "EventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1",
            "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:tidings-orders",
            "Queues": ["orders"],
        }
    )


class SlowWorker:
    """A worker that consumes at once, and ends when the test lets it."""

    made: dict[str, "SlowWorker"]

    def __init__(self, _settings: Any, report: MappingReport, *_: Any, **__: Any) -> None:
        self.report, self.alive, self.stopping = report, True, False
        SlowWorker.made[report.mapping.uuid] = self

    def start(self) -> None:
        self.report.enters(State.CONSUMING)

    def stop(self, _seconds: float) -> None:
        if not self.stopping:
            self.report.enters(State.DRAINING)
        self.stopping = True

    def end(self) -> None:
        self.report.enters(State.STOPPED)
        self.alive = False


class World:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        SlowWorker.made = {}
        monkeypatch.setattr(module, "Worker", SlowWorker)
        self.metrics = Metrics()
        self.listed: list[Mapping] = []
        source: Any = SimpleNamespace(mappings=lambda: self.listed)
        settings = BridgeSettings.model_construct()
        invoker_of: Any = lambda _: None  # noqa: E731
        self._supervisor = Supervisor(settings, invoker_of, source, self.metrics)

    def follow(self, *uuids: str) -> None:
        self.listed = [mapping(uuid) for uuid in uuids]
        self._supervisor._follow()

    def value(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"tidings_bridge_{name}", LABELS)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_end_of_an_old_mapping_keeps_the_metrics_of_the_new_one(world: World) -> None:
    """A new LocalStack gives the mapping of the same queue and function another UUID."""
    world.follow("old")
    world.follow("new")
    SlowWorker.made["new"].report.begins(0.0)
    SlowWorker.made["old"].end()
    world.follow("new")
    assert world.value("broker_connected") == 1
    assert (world.value("running_seconds") or 0) > 0
    assert world.value("in_flight") == 1


def test_metrics_of_a_removed_mapping_disappear(world: World) -> None:
    world.follow("old")
    world.follow()
    SlowWorker.made["old"].end()
    world.follow()
    for name in ("broker_connected", "running_seconds", "in_flight"):
        assert world.value(name) is None
