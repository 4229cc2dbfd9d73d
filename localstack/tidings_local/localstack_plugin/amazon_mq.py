"""Make event source mappings for Amazon MQ deployable. The bridge does their work."""

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
    """A poller that never finds a message, because the bridge consumes the queues."""

    def __init__(self, arn: str) -> None:
        # Not the base's: it would create a client of the service `mq`, which does not exist.
        self.source_arn = arn
        self.source_parameters: dict[str, Any] = {}
        self.filter_patterns: list[dict[str, Any]] = []

    def event_source(self) -> str:
        return "aws:rmq"

    def poll_events(self) -> None:
        """Raise the exception that makes LocalStack poll less and less often."""
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
