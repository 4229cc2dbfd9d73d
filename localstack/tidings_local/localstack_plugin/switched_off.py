"""Let disabled rules and mappings be what LocalStack says that they are.

- A disabled scheduled rule ran on, because LocalStack asks for its state only when it is created.
- A mapping that was enabled twice ended as disabled: its earlier poller, which ends later, stored
  its own state.
- LocalStack stored the request's `Enabled` in a mapping. Lambda's answers have no such member, so
  that each listing of the bridge, every two seconds, wrote a warning.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localstack.services.events.rule import RuleService
from localstack.services.events.scheduler import JobScheduler
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider import LambdaProvider

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext

DISABLED = "DISABLED"
POLLER_SECONDS = 5.0
"""A poller that waits ends at once."""

_STOCK_STOP = EsmWorker.stop
_STOCK_UPDATE = LambdaProvider.update_event_source_mapping_v2


def obey_switches() -> None:
    """Patch LocalStack. A repeated call changes nothing."""
    RuleService.create_schedule_job = create_schedule_job
    EsmWorker.stop = stop
    LambdaProvider.update_event_source_mapping_v2 = update_mapping


def create_schedule_job(service: RuleService, send: Callable[..., None]) -> None:
    """Replace `RuleService.create_schedule_job`; the rule's state counts at each run."""

    def send_if_enabled(*arguments: Any) -> None:
        if service.rule.state != DISABLED:
            send(*arguments)

    service.job_id = JobScheduler.instance().add_job(send_if_enabled, service.schedule_cron)


def stop(worker: EsmWorker) -> None:
    """Replace `EsmWorker.stop`; return after the poller stored its last state."""
    _STOCK_STOP(worker)
    if worker._poller_thread is not None:
        worker._poller_thread.join(POLLER_SECONDS)


def update_mapping(
    provider: LambdaProvider, context: "RequestContext", request: dict[str, Any]
) -> dict[str, Any]:
    """Replace `LambdaProvider.update_event_source_mapping_v2`."""
    answer: dict[str, Any] = _STOCK_UPDATE(provider, context, request)
    stored = lambda_stores[context.account_id][context.region].event_source_mappings
    for mapping in (answer, stored.get(request["UUID"], {})):
        mapping.pop("Enabled", None)
    return answer
