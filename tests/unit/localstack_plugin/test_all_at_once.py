import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_ins import Shelf


@pytest.fixture
def engine(shelf: Shelf) -> Any:
    """CloudFormation's engine, whose transform of SAM returns its template."""
    found = sys.modules["localstack.services.cloudformation.engine.v2"].change_set_model_transform
    found.transform_sam = lambda template, parameters, policies: template
    return found


def call(service: str | None) -> None:
    """Let LocalStack handle a request twice."""
    from tidings_local.localstack_plugin.all_at_once import deploy_all_at_once

    handlers = sys.modules["localstack.aws"].handlers
    handlers.serve_custom_service_request_handlers.clear()
    deploy_all_at_once()
    (handler,) = handlers.serve_custom_service_request_handlers
    named = SimpleNamespace(service_name=service) if service else None
    for _ in range(2):
        handler(None, SimpleNamespace(service=named), None)


def made_of(engine: Any, properties: dict[str, Any]) -> Any:
    template = {"Resources": {"Gateway": {"Properties": properties}, "Other": {}}}
    return engine.transform_sam(template, {}, None)["Resources"]["Gateway"]["Properties"]


def test_functions_of_localstack_have_no_alias(engine: Any) -> None:
    call("cloudformation")
    gradual = {
        "AutoPublishAlias": "live",
        "AutoPublishAliasAllProperties": True,
        "DeploymentPreference": {"Type": "AllAtOnce"},
    }
    assert made_of(engine, {"Timeout": 20, **gradual}) == {"Timeout": 20}


@pytest.mark.parametrize("service", ["lambda", None])
def test_calls_of_other_services_load_nothing(engine: Any, service: str | None) -> None:
    call(service)
    assert made_of(engine, {"AutoPublishAlias": "live"}) == {"AutoPublishAlias": "live"}
