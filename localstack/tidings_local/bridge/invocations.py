"""Invoke a mapping's function on the pool, and return the answers to the mapping's thread."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPError

from tidings_local.bridge.batching import Delivery
from tidings_local.bridge.event import Envelope
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.report import MappingReport

logger = logging.getLogger(__name__)

Answer = tuple[list[Delivery], Outcome]


class Invocations:
    def __init__(
        self,
        connection: BlockingConnection,
        envelope: Envelope,
        report: MappingReport,
        invoke: Callable[[bytes], Outcome],
        pool: Executor,
    ) -> None:
        self._connection = connection
        self._envelope = envelope
        self._report = report
        self._invoke = invoke
        self._pool = pool
        self._answers: deque[Answer] = deque()

    def start(self, batch: list[Delivery]) -> None:
        started_at = time.monotonic()
        self._report.begins(started_at)
        self._pool.submit(self._run, batch, started_at)

    def answers(self) -> Iterator[Answer]:
        """Yield the answers since the last call."""
        while self._answers:
            yield self._answers.popleft()

    def _run(self, batch: list[Delivery], started_at: float) -> None:
        outcome = self._outcome(batch)
        self._report.ends(started_at)
        self._report.invoked(batch, outcome, time.monotonic() - started_at)
        self._answers.append((batch, outcome))
        self._wake()

    def _outcome(self, batch: list[Delivery]) -> Outcome:
        try:
            return self._invoke(self._envelope.enclose([item.record for item in batch]))
        except Exception as error:
            logger.exception("invocation failed inside the bridge", extra=self._report.fields())
            return Outcome(Result.BRIDGE_ERROR, repr(error))

    def _wake(self) -> None:
        try:
            self._connection.add_callback_threadsafe(lambda: None)
        except AMQPError:
            # The broker has requeued the messages already and will deliver them again.
            logger.warning(
                "answer arrived after the connection was lost", extra=self._report.fields()
            )
