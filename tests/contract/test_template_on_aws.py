"""Tests of the parts of template.yaml that only AWS uses: network, logs, limits of the API."""

import json
import re
from typing import Any

import pytest

from tests.contract.project import ROOT, template
from tests.contract.roles import SHARED_ROLES
from tests.contract.transformed import GROWN, resources, transformed

BACKLOGS = ROOT / "layers/tidings/tidings/monitoring/measuring.py"
INVOCATION = ROOT / "layers/tidings/tidings/platform/entry/invocation.py"
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
    assert all(each["Enabled"] == {"Fn::If": ["PollsBroker", NO_VALUE, False]} for each in mappings)


def test_each_log_group_forgets(made: dict[str, Any]) -> None:
    groups = resources(made, "AWS::Logs::LogGroup").values()
    assert groups
    assert all(each["RetentionInDays"] == {"Ref": "LogRetentionDays"} for each in groups)


def test_attributes_of_conditional_resources_are_not_read() -> None:
    """LocalStack resolves them in an update of the stack, although the resource is not there."""
    conditional = {name for name, each in template()["Resources"].items() if "Condition" in each}
    read = re.findall(r"'Fn::GetAtt': '(\w+)\.", str(template()["Resources"]))
    assert read
    assert not conditional & set(read)


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


def test_refusal_of_the_limit_says_when_to_try_again(made: dict[str, Any]) -> None:
    (api,) = resources(made, "AWS::ApiGateway::RestApi").values()
    (throttled,) = api["Body"]["x-amazon-apigateway-gateway-responses"].values()
    assert throttled["statusCode"] == "429"
    assert throttled["responseParameters"] == {"gatewayresponse.header.Retry-After": "'1'"}


@pytest.mark.parametrize(("parameters", "traced"), [((), False), (GROWN, True)], ids=["off", "on"])
def test_only_traced_functions_may_write_to_x_ray(
    parameters: tuple[str, ...], traced: bool
) -> None:
    made = transformed(*parameters)
    functions = resources(made, "AWS::Lambda::Function")
    assert all(("TracingConfig" in each) == traced for each in functions.values())
    assert made["Conditions"]["Traces"] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
    roles = resources(made, "AWS::IAM::Role")
    for function in functions.values():
        policies = managed_policies(roles[function["Role"]["Fn::GetAtt"][0]], traced=traced)
        assert ("AWSXrayWriteOnlyAccess" in policies) == traced


def managed_policies(role: dict[str, Any], *, traced: bool) -> set[str]:
    """Return the names of AWS's policies of a role in a network."""
    holds = {"Traces": traced, "HasNetwork": True}
    found = set()
    for each in role["ManagedPolicyArns"]:
        arn = each
        if "Fn::If" in each:
            condition, then, otherwise = each["Fn::If"]
            arn = then if holds[condition] else otherwise
        if arn != NO_VALUE:
            found.add(str(arn).rpartition("/")[2].rstrip("'}"))
    return found


@pytest.mark.parametrize(("parameters", "traced"), [((), False), (GROWN, True)], ids=["off", "on"])
def test_shared_roles_have_the_same_of_aws_as_the_others(
    parameters: tuple[str, ...], traced: bool
) -> None:
    roles = resources(transformed(*parameters), "AWS::IAM::Role")
    shared = {name: role for name, role in roles.items() if name in SHARED_ROLES}
    generated = roles["LoginRole"]
    assert len(shared) == len(SHARED_ROLES)
    for role in shared.values():
        assert role.keys() == {
            *("Description", "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies")
        }
        assert managed_policies(role, traced=traced) == managed_policies(generated, traced=traced)
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust == {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }


def test_functions_with_the_rights_of_a_shared_role_share_it(made: dict[str, Any]) -> None:
    """Each role is a resource, and CloudFormation allows 500."""
    roles = resources(made, "AWS::IAM::Role")
    rights = {
        name: sorted(
            json.dumps(statement, sort_keys=True)
            for policy in role.get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
        )
        for name, role in roles.items()
    }
    shared = [rights[name] for name in SHARED_ROLES]
    alone = [name for name in roles if name not in SHARED_ROLES and rights[name] in shared]
    assert alone == []
    assert len(set(map(str, shared))) == len(shared)


def test_parameter_of_tracing_chooses_the_destination_of_spans(made: dict[str, Any]) -> None:
    chosen = {"Fn::If": ["Traces", "xray", {"Ref": "TracesUrl"}]}
    for function in resources(made, "AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["TIDINGS_TRACES"] == chosen


OFF_ON_A_LAPTOP = {
    **{"SubnetIds": "", "SecurityGroupIds": "", "WebAclArn": "", "PollBroker": "true"},
    **{"LogRetentionDays": "0", "GatewayConcurrency": "0", "OrderConcurrency": "0"},
    **{"Tracing": "Disabled", "TracesUrl": "", "GradualDeployment": "false"},
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


def alarms() -> dict[str, dict[str, Any]]:
    """Return the alarms by their names without the stack's."""
    return {
        each["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): each
        for each in resources(transformed(), "AWS::CloudWatch::Alarm").values()
    }


def test_runbook_has_a_section_for_each_alarm() -> None:
    page = (ROOT / "docs" / "runbook.md").read_text()
    told = re.findall(r"^Alarm `([\w-]+)`\.$", page, re.MULTILINE)
    assert sorted(told) == sorted(alarms())


def test_each_alarm_notifies_the_topic() -> None:
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], NO_VALUE]}
    assert all(each["AlarmActions"] == topic for each in alarms().values())


def test_metrics_of_two_stacks_do_not_mix(made: dict[str, Any]) -> None:
    own = {"Fn::Sub": "Tidings/${AWS::StackName}"}
    read = [each.get("Namespace") for each in alarms().values() if "Dimensions" not in each]
    read.remove(None)  # the one that adds metrics of two functions
    written = [
        each["MetricNamespace"]
        for filters in resources(made, "AWS::Logs::MetricFilter").values()
        for each in filters["MetricTransformations"]
    ]
    functions = resources(made, "AWS::Lambda::Function").values()
    emitted = [each["Environment"]["Variables"] for each in functions]
    assert {str(each) for each in read + written} == {str(own)}
    assert all(each["TIDINGS_METRICS_NAMESPACE"] == own for each in emitted)


def test_alarms_of_our_own_metrics_read_metrics_that_are_written(made: dict[str, Any]) -> None:
    sent = set(re.findall(r'emf\.emit\("(\w+)"', BACKLOGS.read_text()))
    counted = {
        each["MetricName"]
        for filters in resources(made, "AWS::Logs::MetricFilter").values()
        for each in filters["MetricTransformations"]
    }
    read = {
        each["MetricName"]
        for each in alarms().values()
        if each.get("Namespace") == {"Fn::Sub": "Tidings/${AWS::StackName}"}
    }
    assert read <= sent | counted


def test_filter_of_near_timeouts_finds_the_line_of_the_code(made: dict[str, Any]) -> None:
    pattern = resources(made, "AWS::Logs::MetricFilter")["NearTimeouts"]["FilterPattern"]
    (message,) = re.findall(r'"(.+)"', pattern)
    assert f'logger.warning("{message}"' in INVOCATION.read_text()
