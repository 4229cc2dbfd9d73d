"""The operation that gives the queues and their states, without a history."""

from collections.abc import Mapping
from contextlib import suppress

from tidings.monitoring.overview import samples
from tidings.monitoring.overview.queue_states import states_of
from tidings.monitoring.overview.samples import Kept
from tidings.monitoring.overview.schemas import QueueStats
from tidings.platform.messaging.queues import queue_depths
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now


@operation(role=Role.OPERATOR, writes=False)
def get_queue_stats(*, caller: Principal) -> list[QueueStats]:
    """Return every queue with its state.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    depths = {name: each for name, each in queue_depths().items() if each is not None}
    kept: Kept | None = None
    rates: Mapping[str, float] | None = None
    with suppress(metrics.CountersAway):
        rates = metrics.handled_per_minute()
        kept = samples.read()
    states = states_of(depths, kept, now())
    return [
        QueueStats(
            name=name,
            messages=depth.messages,
            consumers=depth.consumers,
            state=states[name],
            handled_per_minute=None if rates is None else rates.get(name, 0.0),
            lag_seconds=kept and kept.known.get(Series(metrics.MESSAGE_LAG, (("queue", name),))),
        )
        for name, depth in depths.items()
    ]
