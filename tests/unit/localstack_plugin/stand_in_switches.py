"""Stand-ins for LocalStack's scheduled rules and event source mappings."""

from collections.abc import Callable
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

LAMBDA = "localstack.services.lambda_"
JOBS: list[Callable[[], None]] = []
STORE = SimpleNamespace(event_source_mappings=dict[str, dict[str, Any]]())


class RuleService:
    def __init__(self) -> None:
        self.rule = SimpleNamespace(state="ENABLED")
        self.schedule_cron = "*/1 * * * *"


class JobScheduler:
    @classmethod
    def instance(cls) -> "JobScheduler":
        return cls()

    def add_job(self, job: Callable[[], None], _schedule: str) -> str:
        JOBS.append(job)
        return "job"


class EsmWorker:
    """LocalStack's worker, whose poller stores its state when it ends."""

    def __init__(self) -> None:
        self._shutdown_event = Event()
        self.states: list[str] = []
        self._poller_thread = Thread(target=self._poll)
        self._poller_thread.start()

    def _poll(self) -> None:
        self._shutdown_event.wait()
        self.states.append("Disabled")

    def stop(self) -> None:
        self._shutdown_event.set()


class LambdaProvider:
    def update_event_source_mapping_v2(self, _context: object, request: dict[str, Any]) -> Any:
        STORE.event_source_mappings[request["UUID"]] = dict(request)
        return dict(request)


def modules() -> dict[str, dict[str, Any]]:
    """Return LocalStack's modules, with classes that a test may patch."""

    def fresh(stand_in: type) -> dict[str, Any]:
        return {stand_in.__name__: type(stand_in.__name__, (stand_in,), {})}

    return {
        "localstack.services.events": {},
        "localstack.services.events.rule": fresh(RuleService),
        "localstack.services.events.scheduler": fresh(JobScheduler),
        f"{LAMBDA}.event_source_mapping.esm_worker": fresh(EsmWorker),
        f"{LAMBDA}.provider": fresh(LambdaProvider),
    }
