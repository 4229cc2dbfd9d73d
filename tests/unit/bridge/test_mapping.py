import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.bridge.lambda_endpoint import ARN, BROKER_ARN
from tidings_local.bridge.mapping import Mapping, served
from tidings_local.bridge.mapping_source import FileMappings, MappingsUnreadableError


def entry(**fields: Any) -> dict[str, Any]:
    return {
        "UUID": "u-1",
        "EventSourceArn": BROKER_ARN,
        "FunctionArn": f"{ARN}reserve",
        "Queues": ["inventory"],
        "State": "Enabled",
    } | fields


def only(**fields: Any) -> Mapping:
    [mapping] = served([entry(**fields)], "Enabled")
    return mapping


def test_defaults_are_those_of_lambda() -> None:
    mapping = only(MaximumBatchingWindowInSeconds=None)
    assert (mapping.batch_size, mapping.window_seconds) == (100, 0.5)
    assert mapping.virtual_host is None


def test_given_values_are_used() -> None:
    mapping = only(BatchSize=7, MaximumBatchingWindowInSeconds=0)
    assert (mapping.queue, mapping.function) == ("inventory", "reserve")
    assert (mapping.batch_size, mapping.window_seconds) == (7, 0.0)


def test_virtual_host_comes_from_the_source_access_configurations() -> None:
    configurations = [
        {"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:1:secret:s"},
        {"Type": "VIRTUAL_HOST", "URI": "/shop"},
    ]
    assert only(SourceAccessConfigurations=configurations).virtual_host == "/shop"


def test_alias_is_part_of_the_function() -> None:
    assert only(FunctionArn=f"{ARN}reserve:live").function == "reserve:live"


def test_filters_are_reported() -> None:
    assert only(FilterCriteria={"Filters": [{"Pattern": "{}"}]}).has_filters
    assert not only().has_filters


@pytest.mark.parametrize("state", ["Creating", "Disabling", "Disabled", "Deleting"])
def test_only_enabled_mappings_are_served(state: str) -> None:
    assert served([entry(State=state)], "Enabled") == []


def test_disabled_mappings_are_served_where_aws_must_not_poll() -> None:
    entries = [entry(UUID="on"), entry(UUID="off", State="Disabled")]
    assert [mapping.uuid for mapping in served(entries, "Disabled")] == ["off"]


def test_other_event_sources_are_ignored() -> None:
    assert served([entry(EventSourceArn="arn:aws:sqs:us-east-1:1:jobs")], "Enabled") == []
    assert served([{"UUID": "self-managed-kafka", "State": "Enabled"}], "Enabled") == []


@pytest.mark.parametrize(
    "mistake", [{"Queues": []}, {"Queues": ["a", "b"]}, {"BatchSize": 0}, {"FunctionArn": None}]
)
def test_unreadable_mapping_is_reported_and_the_others_are_served(
    mistake: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    found = served([entry(UUID="broken", **mistake), entry()], "Enabled")
    assert [mapping.uuid for mapping in found] == ["u-1"]
    assert [vars(record)["mapping"] for record in caplog.records] == ["broken"]


def test_file_has_the_format_of_the_api(tmp_path: Path) -> None:
    path = tmp_path / "mappings.json"
    brief = {"FunctionArn": "reserve", "Queues": ["inventory"], "EventSourceArn": BROKER_ARN}
    path.write_text(json.dumps({"EventSourceMappings": [brief]}))
    [mapping] = FileMappings(path, "Enabled").mappings()
    assert (mapping.queue, mapping.function) == ("inventory", "reserve")
    assert mapping.uuid


@pytest.mark.parametrize("text", ["", "[]", "{", "Mappings: []"])
def test_file_in_another_format_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mappings.yaml"
    path.write_text(text)
    with pytest.raises(MappingsUnreadableError, match=r"mappings\.yaml"):
        FileMappings(path, "Enabled").mappings()
