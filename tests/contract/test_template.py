"""Tests of template.yaml: each function's code, routes, limits and permissions."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.contract.project import (
    API_LIMIT_SECONDS,
    ROOT,
    Function,
    function_files,
    functions,
    routes,
    template,
)
from tests.contract.roles import SHARED_ROLES, policies, resources, role_of, statements
from tidings.delivery.claims import LEASE
from tidings.delivery.delivering import BATCH_SECONDS, NEEDS_SECONDS
from tidings.delivery.models import Channel
from tidings.delivery.sending import GIVEN_BACK_AFTER_SECONDS
from tidings.platform.providers.deadline import MESSAGE_SECONDS
from tidings.tasks.rows import TaskFile

FUNCTIONS = sorted(functions().values(), key=lambda function: function.name)
SCHEDULED = [function for function in FUNCTIONS if function.events_of("Schedule")]
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)

# One file for functions that differ only in their queue or rule.
SHARED = {
    "functions/delivery/deliver.py": {
        f"Deliver{each}"
        for each in ("Email", "UrgentEmail", "Push", "UrgentPush", "Sms", "Webhook")
    },
    "functions/campaigns/run_due_campaigns.py": {"SendPromotions", "RunTimedCampaigns"},
}

# Functions that use no service.
NEED_NOTHING = {"GetOpenapi", "Shop"}

EC2_NETWORK = {
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
}


def test_every_function_file_is_in_the_template() -> None:
    files: dict[str, set[str]] = {}
    for function in FUNCTIONS:
        files.setdefault(str(function.file.relative_to(ROOT)), set()).add(function.name)
    assert {ROOT / file for file in files} == function_files() | {ROOT / "gateway/app.py"}
    assert {file: names for file, names in files.items() if len(names) > 1} == SHARED


@each_function
def test_handler_exists(function: Function) -> None:
    assert callable(function.load())


@each_function
def test_function_is_named_like_its_file(function: Function) -> None:
    if function.properties["CodeUri"] == "gateway/":
        return
    expected = {"Fn::Sub": f"${{AWS::StackName}}-{'-'.join(function.words)}"}
    assert function.properties["FunctionName"] == expected
    if str(function.file.relative_to(ROOT)) not in SHARED:
        assert "_".join(function.words) == function.file.stem


@each_function
def test_package_of_a_function_is_the_folder_of_its_domain(function: Function) -> None:
    """A changed line is then a new version of the functions of one domain only."""
    assert ROOT / function.properties["CodeUri"] == function.file.parent


@each_function
def test_timeout_is_within_lambdas_limit(function: Function) -> None:
    assert 0 < function.properties["Timeout"] <= 900


@pytest.mark.parametrize("route", sorted(routes()))
def test_timeout_of_a_route_is_within_api_gateways(route: str) -> None:
    assert routes()[route].properties["Timeout"] < API_LIMIT_SECONDS


def test_every_route_has_one_function() -> None:
    listed = [
        (route["Method"], route["Path"])
        for function in FUNCTIONS
        for route in function.events_of("Api")
    ]
    assert [route for route, count in Counter(listed).items() if count > 1] == []


@each_function
def test_function_has_one_mapping_of_the_broker(function: Function) -> None:
    # Lambda allows one mapping for a function and an event source, regardless of the queues.
    assert len(function.events_of("MQ")) <= 1


def test_path_parameter_has_one_name() -> None:
    # API Gateway refuses the deployment otherwise; LocalStack accepts it.
    names: dict[str, set[str]] = {}
    for route in routes():
        parts = route.partition(" ")[2].split("/")
        for index, part in enumerate(parts):
            if part.startswith("{"):
                before = re.sub(r"{\w+}", "{}", "/".join(parts[:index]))
                names.setdefault(before, set()).add(part)
    assert {place: found for place, found in names.items() if len(found) > 1} == {}


@each_function
def test_routes_are_on_our_own_api(function: Function) -> None:
    assert all(route["RestApiId"] == {"Ref": "Api"} for route in function.events_of("Api"))


def test_files_of_any_encoding_reach_their_function_unchanged() -> None:
    types = {
        each.replace("~1", "/")
        for each in template()["Resources"]["Api"]["Properties"]["BinaryMediaTypes"]
    }
    assert types == set(TaskFile.media_types)


@pytest.mark.parametrize(
    "name",
    [
        *("CreateAdmin", "PromoteToAdmin", "RotateKeys"),
        *("CreateService", "GetServices", "SetServiceTeam", "SetServiceCallback", "RevokeService"),
    ],
)
def test_functions_with_aws_permissions_have_no_route(name: str) -> None:
    assert functions()[name].events == {}


@pytest.mark.parametrize("function", SCHEDULED, ids=lambda each: each.name)
def test_rule_retries_and_then_keeps_the_event(function: Function) -> None:
    for rule in function.events_of("Schedule"):
        assert rule["RetryPolicy"]["MaximumRetryAttempts"] >= 1
        assert rule["RetryPolicy"]["MaximumEventAgeInSeconds"] >= 60
        queue, _, attribute = rule["DeadLetterConfig"]["Arn"]["Fn::GetAtt"].partition(".")
        assert attribute == "Arn"
        assert template()["Resources"][queue]["Type"] == "AWS::SQS::Queue"
        assert rule["Enabled"] is True


@pytest.mark.parametrize("function", SCHEDULED, ids=lambda each: each.name)
def test_failed_job_is_retried_and_its_event_kept(function: Function) -> None:
    """The rule's own dead letters are only events that EventBridge could not deliver to Lambda."""
    config = function.properties["EventInvokeConfig"]
    assert config["MaximumRetryAttempts"] >= 1
    kept = config["DestinationConfig"]["OnFailure"]
    assert kept == {"Type": "SQS", "Destination": {"Fn::GetAtt": "FailedJobs.Arn"}}


def test_there_are_rules() -> None:
    schedules = {
        rule["Schedule"] for function in SCHEDULED for rule in function.events_of("Schedule")
    }
    assert schedules >= {
        "cron(0 9 * * ? *)",
        "cron(0 12 ? * FRI *)",
        "cron(0 * * * ? *)",
        "rate(1 minute)",
    }


def test_docs_list_each_rule_with_its_schedule() -> None:
    page = (ROOT / "docs" / "scheduled-rules.md").read_text()
    told = re.findall(r"^\| `([\w-]+)` \| `([^`]+)` \|", page, re.MULTILINE)
    prefix = "${AWS::StackName}-"
    rules = [
        (rule["Name"]["Fn::Sub"].removeprefix(prefix), rule["Schedule"])
        for function in SCHEDULED
        for rule in function.events_of("Schedule")
    ]
    assert sorted(told) == sorted(rules)


DELIVERING = [each for each in FUNCTIONS if each.module == "delivery.deliver"]


def test_each_delivering_function_has_the_queue_of_its_channel() -> None:
    assert {each.name for each in DELIVERING} >= {f"Deliver{each.capitalize()}" for each in Channel}
    for function in DELIVERING:
        _, *urgent, channel = function.words
        queue = ".".join([channel, *urgent, "queue"])
        assert [each["Queues"] for each in function.events_of("MQ")] == [[queue]]


@pytest.mark.parametrize("function", DELIVERING, ids=lambda each: each.name)
def test_timeout_of_delivery_is_between_its_slowest_batch_and_its_claims(
    function: Function,
) -> None:
    assert BATCH_SECONDS + NEEDS_SECONDS < function.properties["Timeout"] < LEASE.total_seconds()
    assert GIVEN_BACK_AFTER_SECONDS + MESSAGE_SECONDS < NEEDS_SECONDS


def test_relay_ends_before_its_next_run() -> None:
    assert functions()["RelayOutbox"].properties["Timeout"] < 60


@each_function
def test_function_has_policies_of_its_own_or_a_shared_role(function: Function) -> None:
    assert bool(policies(function)) == (function.name not in NEED_NOTHING)
    # Managed policies are named by a string, and AWS decides what they grant; SAM's templates too.
    assert all(policy.keys() == {"Statement"} for policy in policies(function))
    if "Role" in function.properties:
        assert "Policies" not in function.properties
        kinds = {each["Type"] for each in function.events.values()}
        assert kinds == {SHARED_ROLES[role_of(function)]}


def test_roles_of_the_template_are_shared() -> None:
    roles = {
        name for name, each in template()["Resources"].items() if each["Type"] == "AWS::IAM::Role"
    }
    assert roles == set(SHARED_ROLES)
    used = Counter(role_of(each) for each in FUNCTIONS)
    assert all(used[role] > 1 for role in roles)


@each_function
def test_only_the_network_of_a_mapping_is_granted_on_everything(function: Function) -> None:
    for statement in statements(function):
        actions, on = statement["Action"], resources(statement)
        actions = [actions] if isinstance(actions, str) else actions
        assert not any("*" in action for action in actions)
        if statement["Effect"] == "Deny":
            continue
        if actions == ["sns:Publish"] and on == ["*"]:
            # A phone number has no ARN; resources with an ARN are denied.
            assert function.name == "DeliverSms"
            assert any(each["Effect"] == "Deny" for each in statements(function))
            continue
        if "*" in on:
            assert set(actions) <= EC2_NETWORK
            assert function.events_of("MQ")


@each_function
def test_function_has_its_layers(function: Function) -> None:
    layers = [layer["Ref"] for layer in function.properties["Layers"]]
    assert layers == ["DependenciesLayer", "TidingsLayer"]
    for layer in layers:
        content: str = template()["Resources"][layer]["Properties"]["ContentUri"]
        assert (Path(ROOT) / content).is_dir()
