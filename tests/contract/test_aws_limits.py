"""The transformed template stays within AWS's quotas, each with the page that states it.

Values that are known only at the deployment are counted with an invented name of 100 characters
for each reference, more than any of them has.
"""

import json
from typing import Any, Final

import pytest

from tests.contract.transformed import GROWN, resources, transformed

# docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
RESOURCES: Final = 500
ROOM_FOR_MORE: Final = 50
"""A new operation adds two resources, or three with rights of its own."""
PARAMETERS: Final = 200
OUTPUTS: Final = 200
TEMPLATE_BYTES: Final = 1_000_000
DESCRIPTION_BYTES: Final = 1024
# docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
API_RESOURCES: Final = 300
API_DOCUMENT_BYTES: Final = 6_000_000
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_BYTES: Final = 4096
LAYERS: Final = 5
FUNCTION_POLICY_BYTES: Final = 20_000
FUNCTION_NAME: Final = 64
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE_POLICIES_CHARACTERS: Final = 10_240
MANAGED_POLICIES: Final = 10
# docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
RULES: Final = 300

STACK_NAME: Final = 20
"""The longest stack name for which the names of all functions fit."""
UNKNOWN: Final = "x" * 100


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return transformed(*GROWN)


def resolved(value: Any) -> Any:
    """Replace references by an invented value."""
    if isinstance(value, list):
        return [resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")):
        return UNKNOWN
    return {name: resolved(each) for name, each in value.items()}


def compact(value: Any) -> str:
    return json.dumps(resolved(value), separators=(",", ":"))


def test_resources_leave_room_for_new_operations(template: dict[str, Any]) -> None:
    assert len(template["Resources"]) < RESOURCES - ROOM_FOR_MORE


def test_template_itself_fits(template: dict[str, Any]) -> None:
    assert len(json.dumps(template)) < TEMPLATE_BYTES
    assert len(template["Parameters"]) <= PARAMETERS
    assert len(template["Outputs"]) <= OUTPUTS
    assert len(template["Description"].encode()) <= DESCRIPTION_BYTES


def path_parts(paths: list[str]) -> set[str]:
    """Return API Gateway's resources: one for each part of each path, and the root."""
    parts = {"/"}
    for path in paths:
        words = path.strip("/").split("/")
        parts |= {"/".join(words[: count + 1]) for count in range(len(words))}
    return parts


def test_parts_of_paths_are_counted_once() -> None:
    assert path_parts(["/a/b", "/a/{c}"]) == {"/", "a", "a/b", "a/{c}"}


def test_api_fits(template: dict[str, Any]) -> None:
    (api,) = resources(template, "AWS::ApiGateway::RestApi").values()
    assert len(path_parts(list(api["Body"]["paths"]))) <= API_RESOURCES
    assert len(compact(api["Body"])) < API_DOCUMENT_BYTES


def test_variables_of_each_function_fit(template: dict[str, Any]) -> None:
    sizes = {
        name: len(compact(function["Environment"]["Variables"]))
        for name, function in resources(template, "AWS::Lambda::Function").items()
    }
    assert {name: size for name, size in sizes.items() if size > ENVIRONMENT_BYTES} == {}


def test_functions_have_few_layers_and_short_names(template: dict[str, Any]) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        assert len(function["Layers"]) <= LAYERS
        name = function["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}")
        assert len(name) <= FUNCTION_NAME - STACK_NAME


def test_permissions_of_each_function_fit(template: dict[str, Any]) -> None:
    sizes: dict[str, int] = {}
    for permission in resources(template, "AWS::Lambda::Permission").values():
        function = json.dumps(permission["FunctionName"])
        # Lambda writes about 300 characters around the values.
        sizes[function] = sizes.get(function, 0) + len(compact(permission)) + 300
    assert max(sizes.values()) < FUNCTION_POLICY_BYTES


def test_policies_of_each_role_fit(template: dict[str, Any]) -> None:
    for role in resources(template, "AWS::IAM::Role").values():
        written = sum(len(compact(each["PolicyDocument"])) for each in role.get("Policies", []))
        assert written < ROLE_POLICIES_CHARACTERS
        assert len(role["ManagedPolicyArns"]) <= MANAGED_POLICIES


def test_rules_fit_beside_those_of_other_stacks(template: dict[str, Any]) -> None:
    assert len(resources(template, "AWS::Events::Rule")) <= RULES // 10
