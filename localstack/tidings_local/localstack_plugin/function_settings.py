"""Send changed aliases and reserved concurrency of functions to the runner."""

import logging
from typing import TYPE_CHECKING, Any, Final

from localstack.aws import handlers
from localstack.services.lambda_.invocation.models import lambda_stores

from tidings_local.localstack_plugin.handover import NotTakenError
from tidings_local.localstack_plugin.refusals import refuse
from tidings_local.localstack_plugin.runner import handover
from tidings_local.runner.forms import SETTINGS, Alias, FunctionSettings, settings_form

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext
    from localstack.services.lambda_.invocation.lambda_models import Function, VersionAlias

logger = logging.getLogger(__name__)

CHANGING: Final = frozenset(
    {
        "CreateAlias",
        "DeleteAlias",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "PutFunctionConcurrency",
        "UpdateAlias",
    }
)


def follow_settings() -> None:
    """Read LocalStack's answers before they are sent."""
    handlers.run_custom_response_handlers.append(tell_settings)


def tell_settings(_chain: object, context: "RequestContext", response: Any) -> None:
    """Send the change of a Lambda API call to the runner; the call fails if that fails."""
    if context.service is None or context.service.service_name != "lambda":
        return
    if context.operation.name not in CHANGING or response.status_code >= 300:
        return
    name = _name_of(context.service_request["FunctionName"])
    account, region = context.account_id, context.region
    function = lambda_stores[account][region].functions.get(name)
    arn = f"arn:{context.partition}:lambda:{region}:{account}:function:{name}"
    if function is None:
        handover().remove(SETTINGS, arn)
        return
    try:
        handover().put(SETTINGS, arn, settings_form(settings_of(function)))
    except NotTakenError as error:
        refuse(context, response, error)


def settings_of(function: "Function") -> FunctionSettings:
    """Return these settings of LocalStack's function."""
    aliases = {name: _alias_of(alias) for name, alias in list(function.aliases.items())}
    return FunctionSettings(function.reserved_concurrent_executions, aliases)


def _alias_of(alias: "VersionAlias") -> Alias:
    routing = alias.routing_configuration
    return Alias(alias.function_version, dict(routing.version_weights) if routing else {})


def _name_of(name_or_arn: str) -> str:
    """Return the bare name, also from an ARN."""
    return name_or_arn.rpartition("function:")[2].partition(":")[0]
