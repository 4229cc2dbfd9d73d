"""Find the deployed stages of REST APIs, and notice their changes."""

import logging
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from localstack.aws import handlers
from localstack.constants import AWS_REGION_US_EAST_1, DEFAULT_AWS_ACCOUNT_ID
from localstack.services.apigateway.models import apigateway_stores

from tidings_local.front_door.deployed import Deployed, StageDocument
from tidings_local.localstack_plugin.refusals import refuse
from tidings_local.localstack_plugin.rest_api_document import stage_document

logger = logging.getLogger(__name__)

OnChange = Callable[[Deployed], None]

_SERVICE: Final = "apigateway"
_CHANGING: Final = frozenset(
    (
        "CreateDeployment",
        "DeleteDeployment",
        "CreateStage",
        "UpdateStage",
        "DeleteStage",
        "DeleteRestApi",
    )
)
"""API Gateway's operations that change a stage; the others change a draft, which is not served."""


def deployed() -> Deployed:
    """Return the current description of every deployed stage."""
    # The deployed stages are the same for every account and region, because the API's id is unique.
    store = apigateway_stores[DEFAULT_AWS_ACCOUNT_ID][AWS_REGION_US_EAST_1]
    found = [
        _stage(store, api_id, stage, deployment_id)
        for api_id, stages in list(store.active_deployments.items())
        for stage, deployment_id in list(stages.items())
    ]
    return [each for each in found if each is not None]


def on_change(callback: OnChange) -> None:
    """Call back with all deployed stages, each time one of them may have changed.

    The answer of the AWS call waits for the callback, so that a client with the answer uses the new
    deployment. Callbacks run one at a time, in order. An error of the callback becomes the answer
    of the AWS call.
    """
    handlers.run_custom_response_handlers.append(_Announcer(callback))


class _Announcer:
    """A response handler of LocalStack's gateway, which LocalStack's calls to itself pass too."""

    def __init__(self, callback: OnChange) -> None:
        self._callback = callback
        self._lock = Lock()

    def __call__(self, _chain: Any, context: Any, response: Any) -> None:
        if not _may_have_changed(context):
            return
        # Read under the lock, so that the last callback has the latest state.
        with self._lock:
            try:
                self._callback(deployed())
            except Exception as error:
                logger.exception("routes of REST APIs were not sent: the old ones stay")
                refuse(context, response, error)


def _may_have_changed(context: Any) -> bool:
    if context.service is None or context.operation is None:
        return False
    return context.service.service_name == _SERVICE and context.operation.name in _CHANGING


def _stage(store: Any, api_id: str, stage: str, deployment_id: str) -> StageDocument | None:
    # Imported here, because it loads moto's whole API Gateway; with a stage it is loaded already.
    from localstack.services.apigateway.next_gen.execute_api.moto_helpers import (
        get_stage_configuration,
    )

    try:
        frozen = store.internal_deployments[api_id][deployment_id]
        settings = get_stage_configuration(frozen.account_id, frozen.region, api_id, stage)
        return stage_document(api_id, deployment_id, frozen, settings)
    except Exception:
        logger.exception(
            "a deployed stage cannot be described: LocalStack answers its calls",
            extra={"api_id": api_id, "stage": stage},
        )
        return None
