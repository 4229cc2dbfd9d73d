"""Tests of the parts of template.yaml that only AWS uses: network, logs, limits of the API."""

import re
from typing import Any

import pytest

from tests.contract.project import template
from tests.contract.transformed import resources, transformed

NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return transformed()


def test_each_function_is_in_the_network_and_logs_to_the_group(made: dict[str, Any]) -> None:
    for function in resources(made, "AWS::Lambda::Function").values():
        network, log = function["VpcConfig"]["Fn::If"], function["LoggingConfig"]["Fn::If"]
        assert network[0] == "HasNetwork"
        assert network[1]["SubnetIds"] == {"Ref": "SubnetIds"}
        assert log == ["HasLogGroups", {"LogGroup": {"Ref": "FunctionLogs"}}, NO_VALUE]


def test_one_parameter_stops_all_mappings(made: dict[str, Any]) -> None:
    mappings = resources(made, "AWS::Lambda::EventSourceMapping").values()
    assert mappings
    assert all(each["Enabled"] == {"Ref": "PollBroker"} for each in mappings)


def test_each_log_group_forgets(made: dict[str, Any]) -> None:
    groups = resources(made, "AWS::Logs::LogGroup").values()
    assert groups
    assert all(each["RetentionInDays"] == {"Ref": "LogRetentionDays"} for each in groups)


def test_log_of_the_api_has_no_personal_data(made: dict[str, Any]) -> None:
    (stage,) = resources(made, "AWS::ApiGateway::Stage").values()
    logged = set(re.findall(r"\$context\.([\w.]+)", str(stage["AccessLogSetting"])))
    assert logged == {
        *("requestId", "requestTime", "httpMethod", "resourcePath", "status"),
        *("responseLatency", "integrationLatency", "responseLength", "error.responseType"),
    }


def test_stage_limits_the_calls_of_all_callers(made: dict[str, Any]) -> None:
    (stage,) = resources(made, "AWS::ApiGateway::Stage").values()
    (settings,) = stage["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "ApiCallsPerSecond"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ApiBurst"}


@pytest.mark.parametrize(
    ("tracing", "traced"), [("Disabled", False), ("Active", True)], ids=["off", "on"]
)
def test_only_traced_functions_may_write_to_x_ray(tracing: str, traced: bool) -> None:
    made = transformed(f"Tracing={tracing}")
    functions = resources(made, "AWS::Lambda::Function").values()
    assert all(("TracingConfig" in each) == traced for each in functions)
    roles = resources(made, "AWS::IAM::Role").values()
    assert all(("xray" in str(each["ManagedPolicyArns"]).lower()) == traced for each in roles)


OFF_ON_A_LAPTOP = {
    **{"SubnetIds": "", "SecurityGroupIds": "", "WebAclArn": "", "PollBroker": "true"},
    **{"LogRetentionDays": "0", "GatewayConcurrency": "0", "OrderConcurrency": "0"},
    "Tracing": "Disabled",
}


@pytest.mark.parametrize("parameter", OFF_ON_A_LAPTOP)
def test_a_laptop_uses_the_defaults(parameter: str) -> None:
    assert str(template()["Parameters"][parameter]["Default"]) == OFF_ON_A_LAPTOP[parameter]


def comparisons(value: Any) -> list[list[Any]]:
    """Return the operands of each `Fn::Equals` in a condition."""
    if isinstance(value, list):
        return [found for each in value for found in comparisons(each)]
    if not isinstance(value, dict):
        return []
    here = [value["Fn::Equals"]] if "Fn::Equals" in value else []
    return here + [found for each in value.values() for found in comparisons(each)]


def test_numbers_are_compared_with_numbers() -> None:
    """LocalStack compares a parameter of the type Number as a number, AWS as a text."""
    numbers = {name for name, each in template()["Parameters"].items() if each["Type"] == "Number"}
    found = [
        right for left, right in comparisons(template()["Conditions"]) if left.get("Ref") in numbers
    ]
    assert found
    assert all(isinstance(each, int) for each in found)
