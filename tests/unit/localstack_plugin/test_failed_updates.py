"""After a failed update, a function is described by its running code and the reason."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_ins import ACCOUNT, REGION, LambdaService, VersionState

ARN = "arn:orders:$LATEST"


@dataclass(frozen=True)
class Config:
    code: str
    state: Any = None
    last_update: Any = None


@dataclass(frozen=True)
class Identity:
    function_name: str = "orders"
    qualifier: str = "$LATEST"
    account: str = ACCOUNT
    region: str = REGION


@dataclass(frozen=True)
class Version:
    config: Config
    id: Identity = Identity()
    qualified_arn: str = ARN


@pytest.fixture
def service(shelf: object) -> Any:
    """Return LocalStack's Lambda with one function that runs its old code."""
    from localstack.services.lambda_.invocation.models import lambda_stores

    lambda_stores[ACCOUNT][REGION].functions["orders"] = SimpleNamespace(versions={})
    service: Any = LambdaService()
    service.lambda_running_versions[ARN] = SimpleNamespace(function_version=Version(Config("old")))
    return service


def update(service: Any, state: VersionState) -> Version:
    """Return LocalStack's description of the function after an update to new code."""
    from localstack.services.lambda_.invocation.models import lambda_stores

    from tidings_local.localstack_plugin.failed_updates import update_version_state

    update_version_state(service, Version(Config("new")), state)
    described: Version = lambda_stores[ACCOUNT][REGION].functions["orders"].versions["$LATEST"]
    return described


def test_failed_update_keeps_the_old_version_with_the_reason(service: Any) -> None:
    config = update(
        service, VersionState("Failed", "InternalError", "the runner is unavailable")
    ).config
    assert config.code == "old"
    assert config.state.state == "Active"
    assert config.last_update.status == "Failed"
    assert config.last_update.reason == "the runner is unavailable"


def test_other_versions_are_described_by_localstack(service: Any) -> None:
    assert update(service, VersionState("Active")).config.code == "new"
    service.lambda_running_versions.clear()
    assert update(service, VersionState("Failed")).config.code == "new"
