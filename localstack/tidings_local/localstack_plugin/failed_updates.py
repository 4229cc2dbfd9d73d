"""Describe a function by its old version after a failed update, as AWS does.

LocalStack runs the old code and describes the new one, with a state and without a reason: the next
deployment would compare digests and take the new code for deployed.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from localstack.aws.api.lambda_ import LastUpdateStatus, State
from localstack.services.lambda_.invocation.lambda_models import UpdateStatus, VersionState
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.invocation.models import lambda_stores

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

_STOCK_UPDATE = LambdaService.update_version_state


def keep_old_versions() -> None:
    """Patch LocalStack. A repeated call changes nothing."""
    LambdaService.update_version_state = update_version_state


def update_version_state(
    service: LambdaService, function_version: "FunctionVersion", new_state: VersionState
) -> None:
    """Replace `LambdaService.update_version_state`."""
    _STOCK_UPDATE(service, function_version, new_state)
    running = service.lambda_running_versions.get(function_version.qualified_arn)
    if new_state.state != State.Failed or running is None:
        return
    old, version = running.function_version, function_version.id
    failed = UpdateStatus(LastUpdateStatus.Failed, new_state.code, new_state.reason)
    config = replace(old.config, state=VersionState(state=State.Active), last_update=failed)
    function = lambda_stores[version.account][version.region].functions.get(version.function_name)
    if function is not None:
        function.versions[version.qualifier] = replace(old, config=config)
