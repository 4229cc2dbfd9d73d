"""The consumers of today handle every released event, because it may still be in a queue."""

import json
from pathlib import Path
from typing import Any

import pytest
from generate import RELEASED, event_classes, freeze, released_files

from tests.contract.project import ROOT, consumers, relative, topology
from tests.unit.platform.builders import CONTEXT, RecordingPublisher, mq_event, record
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import consumer
from tidings.platform.storage import database

SAMPLES = sorted(RELEASED.rglob("*.json"))
each_sample = pytest.mark.parametrize("path", SAMPLES, ids=relative)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> RecordingPublisher:
    publisher = RecordingPublisher()
    monkeypatch.setattr(database, "connect", lambda: None)
    monkeypatch.setattr(frame, "publisher", lambda: publisher)
    return publisher


def content_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def takers_of(event_type: str) -> list[Any]:
    """Return the consumers of today that handle a type of events."""
    found = [
        functions[0].load()
        for queue, functions in sorted(consumers().items())
        if event_type in {each.event_type() for each in functions[0].load().event_types}
    ]
    assert found, f"{event_type} was released, but no consumer handles it"
    return found


def taken(content: dict[str, Any], broker: RecordingPublisher) -> list[Any]:
    events: list[Any] = []
    for handler in takers_of(content["type"]):
        event = mq_event(record(content, type=content["type"]))
        consumer(*handler.event_types)(events.append)(event, CONTEXT)
    assert broker.published == [], "refused as malformed"
    return events


def test_there_are_released_samples() -> None:
    assert SAMPLES
    assert {path.parent.parent for path in SAMPLES} == {ROOT / "events/released"}


@each_sample
def test_released_event_is_taken_by_every_consumer_of_today(
    path: Path, broker: RecordingPublisher
) -> None:
    content = content_of(path)
    assert [each.id for each in taken(content, broker)] == [content["id"]] * len(
        takers_of(content["type"])
    )


@each_sample
def test_unknown_fields_are_ignored(path: Path, broker: RecordingPublisher) -> None:
    content = content_of(path)
    later = content | {"traceparent": "00-1", "data": content["data"] | {"new": {"a": [1]}}}
    assert taken(later, broker)


@each_sample
def test_released_event_keeps_its_routing(path: Path) -> None:
    event_class = event_classes()[content_of(path)["type"]]
    bound = {
        key
        for queue in topology()["queues"].values()
        for key in queue.get(event_class.EXCHANGE, [])
    }
    assert set(event_class.routing_keys()) <= bound


def test_released_sample_is_never_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("generate.RELEASED", tmp_path)
    freeze("1.2.0")
    assert "as 1.2.0" in capsys.readouterr().out
    freeze("1.2.0")
    changed = next(iter(released_files("1.2.0")))
    changed.write_text("{}")
    with pytest.raises(SystemExit, match="released already"):
        freeze("1.2.0")


@pytest.mark.parametrize("version", ["", "-", "1.2", "v1.2.0", "../1.2.0", "1.2.0/x"])
def test_events_are_released_for_versions_only(version: str) -> None:
    with pytest.raises(SystemExit, match="VERSION"):
        freeze(version)
