"""The events, their schemas, samples and documents agree."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from generate import ROOT as EVENTS_ROOT
from generate import bindings, event_classes, generated_files

from tests.contract.project import ROOT, consumers, functions, relative, topology
from tests.unit.platform.builders import CONTEXT, RecordingPublisher
from tidings.notifications.rules import RULES, SILENT
from tidings.platform.entry import consumer as frame
from tidings.platform.entry import job
from tidings.platform.entry.job import scheduled_job
from tidings.platform.messaging.events import Command, Event
from tidings.platform.storage import database

EVENTS = ROOT / "events"
CLASSES = event_classes()
# These queues hold messages of any kind, also malformed ones.
NOT_OF_EVENTS = {"failed-messages", "unreadable-messages"}
each_event = pytest.mark.parametrize("name", sorted(CLASSES))
LAMBDA_SAMPLES = sorted((EVENTS / "lambda").glob("*.json"))
# Requests by HTTP, as API Gateway hands them on; tests/integration/gateway feeds them.
# Sources on the wire stay when a class moves to another domain.
RELEASED_SOURCES = {"notification.deliver": "tidings/notifications"}
HTTP_SAMPLES = ("gateway", "get_products", "register_user")


def sample(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EVENTS / f"samples/{name}.json").read_text())
    return content


def schema(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EVENTS / f"schemas/{name}.json").read_text())
    return content


def names_in(folder: str) -> set[str]:
    return {path.stem for path in (EVENTS / folder).glob("*.json")}


def test_generated_files_are_up_to_date() -> None:
    assert EVENTS_ROOT == ROOT
    drifted = [
        relative(path)
        for path, content in generated_files().items()
        if not path.exists() or path.read_text() != content
    ]
    assert drifted == [], "run `make contracts`"


def test_every_event_has_a_sample_a_schema_and_a_row_in_the_docs() -> None:
    page = (ROOT / "docs/events.md").read_text()
    assert names_in("samples") == names_in("schemas") == set(CLASSES)
    assert [name for name in CLASSES if f"| [`{name}`]" not in page] == []


@each_event
def test_sample_is_valid_for_its_class(name: str) -> None:
    event = CLASSES[name].model_validate(sample(name))
    assert event.type == name
    assert json.loads(event.model_dump_json(exclude_none=True)).keys() == sample(name).keys()


@each_event
def test_sample_is_valid_for_its_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    validator = jsonschema.Draft202012Validator(
        schema(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(sample(name))


@each_event
@pytest.mark.parametrize("change", [{"type": "other"}, {"data": {}}, {"id": ""}, {"subject": 1}])
def test_schema_refuses_the_values_that_the_class_refuses(
    name: str, change: dict[str, Any]
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(sample(name) | change, schema(name))


@each_event
def test_event_is_documented_and_named_in_the_past_a_command_in_the_imperative(name: str) -> None:
    event_class = CLASSES[name]
    assert event_class.__doc__
    assert event_class.__doc__ not in (Event.__doc__, Command.__doc__)
    noun, _, verb = name.partition(".")
    words = [verb, noun] if issubclass(event_class, Command) else [noun, verb]
    assert event_class.__name__ == "".join(
        part.capitalize() for word in words for part in word.split("_")
    )


@each_event
def test_source_is_the_publishing_domain(name: str) -> None:
    event_class = CLASSES[name]
    domain = event_class.__module__.split(".")[1]
    source = RELEASED_SOURCES.get(name, f"tidings/{domain}")
    assert event_class.model_fields["source"].default == source


def references(content: Any) -> list[str]:
    if isinstance(content, dict):
        own = [content["$ref"]] if isinstance(content.get("$ref"), str) else []
        return own + [each for value in content.values() for each in references(value)]
    if isinstance(content, list):
        return [each for value in content for each in references(value)]
    return []


def resolves(document: Any, base: Path, reference: str) -> bool:
    file, _, pointer = reference.partition("#")
    if file:
        document = json.loads((base / file).read_text())
    for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return isinstance(document, dict)


def asyncapi() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((EVENTS / "asyncapi.yaml").read_text())
    return content


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = asyncapi()
    broken = []
    for reference in references(document):
        try:
            assert resolves(document, EVENTS, reference)
        except (KeyError, OSError, AssertionError):
            broken.append(reference)
    assert broken == []


@each_event
def test_every_reference_of_a_schema_resolves(name: str) -> None:
    assert all(resolves(schema(name), EVENTS, each) for each in references(schema(name)))


def test_asyncapi_document_has_every_queue_and_event() -> None:
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(topology()["queues"]) - NOT_OF_EVENTS
    assert set(document["components"]["messages"]) == set(CLASSES)
    assert {q for queues in bindings().values() for q in queues} == set(document["channels"])


# ------------------------------------------------------------ Lambda's own events


def test_every_consumer_and_job_has_a_sample_event() -> None:
    expected = set(HTTP_SAMPLES)
    expected |= {
        "_".join(function.words)
        for function in functions().values()
        if function.events_of("MQ") or function.events_of("Schedule")
    }
    assert {path.stem for path in LAMBDA_SAMPLES} == expected


@pytest.mark.parametrize("queue", sorted(set(topology()["queues"]) - NOT_OF_EVENTS))
def test_consumer_handles_its_sample(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (function,) = consumers()[queue]
    event = json.loads((EVENTS / f"lambda/{'_'.join(function.words)}.json").read_text())
    assert list(event["rmqMessagesByQueue"]) == [f"{queue}::/"]
    publisher = RecordingPublisher()
    taken: list[Event] = []
    monkeypatch.setattr(database, "connect", lambda: None)
    monkeypatch.setattr(frame, "publisher", lambda: publisher)
    frame.consumer(*function.load().event_types)(taken.append)(event, CONTEXT)
    assert [type(each).event_type() for each in taken] == [
        message["basicProperties"]["type"] for message in event["rmqMessagesByQueue"][f"{queue}::/"]
    ]
    assert publisher.published == []


@pytest.mark.parametrize(
    "function",
    [each for each in functions().values() if each.events_of("Schedule")],
    ids=lambda each: each.name,
)
def test_job_handles_its_sample(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    event = json.loads((EVENTS / f"lambda/{'_'.join(function.words)}.json").read_text())
    (rule,) = function.events_of("Schedule")
    name = rule["Name"]["Fn::Sub"].replace("${AWS::StackName}", "tidings")
    assert event["resources"][0].endswith(f"rule/{name}")
    monkeypatch.setattr(database, "connect", lambda: None)
    monkeypatch.setattr(job, "run_once", lambda _job, _time, work, **_: work())
    times: list[datetime] = []

    def work(scheduled_at: datetime) -> dict[str, int]:
        times.append(scheduled_at)
        return {}

    scheduled_job(work)(event, CONTEXT)
    assert times[0].tzinfo is not None


# -------------------------------------------------------------------- the rules


def test_every_event_of_a_notifying_consumer_has_a_rule_or_is_silent() -> None:
    notifying = {
        each
        for queue in ("notifications", "order_updates_queue")
        for each in consumers()[queue][0].load().event_types
    }
    assert notifying == set(RULES) | SILENT
    assert not set(RULES) & SILENT
