"""Makes event source mappings for Amazon MQ deployable. The bridge does their work."""

from typing import TYPE_CHECKING, Any

from localstack.services.lambda_ import hooks as lambda_hooks
from localstack.services.lambda_.event_source_mapping.pollers.poller import (
    EmptyPollResultsException,
    Poller,
)

if TYPE_CHECKING:
    from localstack.aws.api.lambda_ import EventSourceMappingConfiguration
    from localstack.services.lambda_.event_source_mapping.esm_worker_factory import PollerHolder


class BridgedPoller(Poller):
    """Finds nothing, ever: the bridge is a process of its own, beside the broker."""

    def __init__(self, arn: str) -> None:
        # Not the base's: it would open a client for the service `mq`, which is not there.
        self.source_arn = arn
        self.source_parameters: dict[str, Any] = {}
        self.filter_patterns: list[dict[str, Any]] = []

    def event_source(self) -> str:
        return "aws:rmq"

    def poll_events(self) -> None:
        """Says so with the exception that makes LocalStack ask less and less often."""
        raise EmptyPollResultsException(service="mq", source_arn=self.source_arn)


@lambda_hooks.create_event_source_poller()  # type: ignore[untyped-decorator]
def create_amazon_mq_poller(
    holder: "PollerHolder",
    source_service: str,
    _config: "EventSourceMappingConfiguration",
) -> None:
    if source_service == "mq":
        holder.create_poller_fn = _bridged_poller


def _bridged_poller(arn: str, **_: object) -> BridgedPoller:
    return BridgedPoller(arn)
