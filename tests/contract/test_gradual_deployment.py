"""On AWS the busiest functions get a new version step by step, and go back on an alarm."""

from typing import Any, Final

from tests.contract.project import functions
from tests.contract.transformed import GROWN, resources, transformed

GRADUAL: Final = {
    *("Gateway", "PlaceOrder", "Inventory", "Orders", "Notifications"),
    *("DeliverEmail", "DeliverUrgentEmail"),
}


def versions(*arguments: str) -> set[str]:
    return set(resources(transformed(*GROWN, *arguments), "AWS::Lambda::Version"))


def aliases() -> set[str]:
    return {f"{name}Aliaslive" for name in GRADUAL}


def test_busiest_functions_have_an_alias() -> None:
    assert {
        name for name, each in functions().items() if "AutoPublishAlias" in each.properties
    } == (GRADUAL)
    assert set(resources(transformed(), "AWS::Lambda::Alias")) == aliases()


def test_callers_call_the_alias() -> None:
    made = transformed()
    for permission in resources(made, "AWS::Lambda::Permission").values():
        called = permission["FunctionName"]["Ref"]
        assert called not in GRADUAL
    mapped = {
        each["FunctionName"]["Ref"]
        for each in resources(made, "AWS::Lambda::EventSourceMapping").values()
    }
    assert not mapped & GRADUAL
    (api,) = resources(made, "AWS::ApiGateway::RestApi").values()
    called_by_api = str(api["Body"]["paths"]["/graphql"]["post"])
    assert "${GatewayAliaslive}" in called_by_api


def test_changed_layer_is_a_new_version() -> None:
    """The code of the domains is in a layer; SAM alone looks at the function's package only."""
    assert len(versions()) == len(GRADUAL)
    assert not versions() & versions("--changed=TidingsLayer")
    assert len(versions() & versions("--changed=Gateway")) == len(GRADUAL) - 1


def groups(*arguments: str) -> dict[str, dict[str, Any]]:
    return resources(transformed(*arguments), "AWS::CodeDeploy::DeploymentGroup")


def test_alarm_brings_the_old_version_back() -> None:
    assert set(groups(*GROWN)) == {f"{name}DeploymentGroup" for name in GRADUAL}
    for group in groups(*GROWN).values():
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        watched = str(group["AlarmConfiguration"])
        assert "ApiFails" in watched
        assert "FunctionsFail" in watched


def test_all_at_once_by_default() -> None:
    assert groups() == {}
