"""The server's Prometheus metrics, in a separate registry."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

DELAY_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """What the server counts."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.streams = Gauge("tidings_live_streams", "Open streams.", registry=registry)
        self.opened = Counter("tidings_live_opened", "Streams that were opened.", registry=registry)
        self.closed = Counter(
            "tidings_live_closed", "Streams that ended, by reason.", ("reason",), registry=registry
        )
        self.refused = Counter(
            "tidings_live_refused",
            "Streams that were not opened, by HTTP status.",
            ("status",),
            registry=registry,
        )
        self.delay = Histogram(
            "tidings_live_delay_seconds",
            "Time from a notification in the inbox to its event on a stream.",
            buckets=DELAY_BUCKETS,
            registry=registry,
        )
        self.connected = Gauge(
            "tidings_live_signals_connected",
            "1 while signals of a channel are received.",
            ("channel",),
            registry=registry,
        )
        self.read_age = Gauge(
            "tidings_live_read_age_seconds",
            "Time since all inboxes with a stream were last read.",
            registry=registry,
        )
