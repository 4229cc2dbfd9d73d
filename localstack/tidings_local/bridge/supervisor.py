"""Start a worker for each mapping, stop those of removed mappings, and replace changed ones."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tidings_local.bridge.lambda_api import Outcome
from tidings_local.bridge.mapping import Mapping
from tidings_local.bridge.mapping_source import MappingSource, MappingsUnreadableError
from tidings_local.bridge.metrics import Metrics
from tidings_local.bridge.report import CONNECTED_STATES, MappingReport
from tidings_local.bridge.settings import BridgeSettings
from tidings_local.bridge.worker import Worker

logger = logging.getLogger(__name__)

# A changed or disabled mapping may finish its invocations.
LONGEST_HANDOVER_SECONDS = 900.0
# After the drain limit a worker only has to close its connection.
CLOSE_SECONDS = 2.0
LOST = {
    "Enabled": "mapping disabled or deleted: its queue is not consumed",
    "Disabled": "mapping enabled or deleted: the bridge does not consume its queue",
}


class Supervisor:
    def __init__(
        self,
        settings: BridgeSettings,
        invoker_of: Callable[[str], Callable[[bytes], Outcome]],
        source: MappingSource,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._invoker_of = invoker_of
        self._source = source
        self._metrics = metrics
        self._workers: dict[str, Worker] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._listing: dict[str, Any] = {"reachable": False, "error": None, "last_listed": None}
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Drain all workers at the same time, for at most the drain limit."""
        # The supervisor's thread is not awaited: it may wait for a Lambda API that hangs.
        self._stopping.set()
        self._wake.set()
        workers = list(self._workers.values())
        for worker in workers:
            worker.stop(self._settings.bridge_drain_seconds)
        deadline = time.monotonic() + self._settings.bridge_drain_seconds + CLOSE_SECONDS
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def health(self) -> dict[str, Any]:
        mappings = [worker.report.snapshot() for worker in list(self._workers.values())]
        connected = all(mapping["state"] in CONNECTED_STATES for mapping in mappings)
        healthy = connected and self._listing["reachable"]
        return {
            "status": "ok" if healthy else "degraded",
            # There is no connection while no mapping exists.
            "broker": {"connected": connected if mappings else None},
            "lambda": dict(self._listing),
            "mappings": mappings,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self._follow()
            self._wake.wait(self._settings.bridge_poll_seconds)

    def _follow(self) -> None:
        try:
            mappings = self._source.mappings()
        except (BotoCoreError, ClientError, MappingsUnreadableError) as error:
            self._listing_failed(str(error))
        except Exception as error:
            logger.exception("mappings cannot be listed")
            self._listing_failed(repr(error))
        else:
            self._listing_succeeded()
            if not self._stopping.is_set():
                self._reconcile({mapping.uuid: mapping for mapping in mappings})

    def _listing_failed(self, error: str) -> None:
        """Keep the known mappings: functions may be available although the listing is not."""
        if self._listing["error"] != error:
            logger.warning("mappings cannot be listed", extra={"error": error})
        self._listing = self._listing | {"reachable": False, "error": error}
        self._metrics.lambda_reachable.set(0)

    def _listing_succeeded(self) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._listing = {"reachable": True, "error": None, "last_listed": now}
        self._metrics.lambda_reachable.set(1)

    def _reconcile(self, wanted: dict[str, Mapping]) -> None:
        for uuid, worker in list(self._workers.items()):
            if wanted.get(uuid) != worker.report.mapping:
                if uuid not in wanted and not worker.stopping:
                    self._warn_of_loss(worker)
                worker.stop(LONGEST_HANDOVER_SECONDS)
            if not worker.alive:
                self._forget(uuid)
        for uuid in wanted.keys() - self._workers.keys():
            self._employ(wanted[uuid])
        self._metrics.mappings.set(len(wanted))

    def _warn_of_loss(self, worker: Worker) -> None:
        """Warn of a mapping that is no longer among those that the bridge serves."""
        logger.warning(LOST[self._settings.bridge_serves], extra=worker.report.fields())

    def _employ(self, mapping: Mapping) -> None:
        if mapping.has_filters:
            logger.error(
                "filter criteria are not applied: the function gets every message",
                extra={"queue": mapping.queue, "function": mapping.function},
            )
        worker = Worker(
            self._settings,
            MappingReport(mapping, self._metrics),
            self._invoker_of(mapping.function_arn),
            on_exit=self._wake.set,
        )
        self._workers[mapping.uuid] = worker
        worker.start()

    def _forget(self, uuid: str) -> None:
        """Remove a worker that has ended, and its metrics, unless another mapping has the same.

        A new deployment gives the mapping of a queue and a function another UUID.
        """
        ended = self._workers.pop(uuid).report
        others = [each.report for each in self._workers.values()]
        same = [each for each in others if each.fields() == ended.fields()]
        if not same:
            self._metrics.forget(ended.mapping.queue, ended.mapping.function)
        for successor in same:  # the ended one was the last that wrote them
            successor.shows_its_state()
