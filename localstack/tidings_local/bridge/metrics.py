"""The bridge's Prometheus metrics, in a separate registry."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

MAPPING_LABELS = ("queue", "function")
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
BATCH_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 1000, 10_000)


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.messages = Counter(
            "tidings_bridge_messages",
            "Messages by result: delivered, acked, requeued, rejected.",
            (*MAPPING_LABELS, "outcome"),
            registry=registry,
        )
        self.invocations = Counter(
            "tidings_bridge_invocations",
            "Invocations by result.",
            (*MAPPING_LABELS, "result"),
            registry=registry,
        )
        self.invoke_seconds = Histogram(
            "tidings_bridge_invoke_seconds",
            "Duration of invocations in seconds.",
            MAPPING_LABELS,
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.batch_messages = Histogram(
            "tidings_bridge_batch_messages",
            "Messages per invocation.",
            MAPPING_LABELS,
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "tidings_bridge_in_flight",
            "Running invocations.",
            MAPPING_LABELS,
            registry=registry,
        )
        self.running_seconds = Gauge(
            "tidings_bridge_running_seconds",
            "How long the oldest running invocation takes so far; 0 if none runs.",
            MAPPING_LABELS,
            registry=registry,
        )
        self.broker_connected = Gauge(
            "tidings_bridge_broker_connected",
            "1 while the mapping's broker connection is open.",
            MAPPING_LABELS,
            registry=registry,
        )
        self.lambda_reachable = Gauge(
            "tidings_bridge_lambda_reachable",
            "1 if the last listing of the mappings succeeded.",
            registry=registry,
        )
        self.mappings = Gauge(
            "tidings_bridge_mappings", "Mappings served at the moment.", registry=registry
        )

    def forget(self, queue: str, function: str) -> None:
        """Remove the state of a mapping that no longer exists; its counts stay."""
        for gauge in (self.in_flight, self.running_seconds, self.broker_connected):
            gauge.remove(queue, function)
