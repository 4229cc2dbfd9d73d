"""Stand-ins for LocalStack's scheduled rules and event source mappings."""

from collections.abc import Callable
from datetime import datetime, timedelta
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


class Job:
    """A job of LocalStack, and how often it ran."""

    def __init__(self, schedule: str, *, is_enabled: bool = True) -> None:
        self.schedule, self.is_enabled, self.runs = schedule, is_enabled, 0

    def do_run(self) -> None:
        self.runs += 1
        if self.schedule.startswith("0"):
            raise RuntimeError("an error of LocalStack")


class CronTab:
    """A part of the library: minutes, such as `*/5`, or one minute of an hour, in each hour."""

    def __init__(self, schedule: str) -> None:
        minutes, hours, *_ = schedule.split()
        step = minutes.partition("/")[2]
        self._minutes = range(0, 60, int(step)) if step else range(int(minutes), int(minutes) + 1)
        self._hours = range(24) if hours == "*" else range(int(hours), int(hours) + 1)

    def next(self, now: datetime, *, default_utc: bool) -> float | None:
        assert default_utc
        for number in range(1, 24 * 60 + 1):
            at = now + timedelta(minutes=number)
            if at.minute in self._minutes and at.hour in self._hours:
                return 60.0 * number
        return None


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
        "localstack.services.events.scheduler": fresh(JobScheduler) | {"Job": Job},
        "crontab": {"CronTab": CronTab},
        f"{LAMBDA}.event_source_mapping.esm_worker": fresh(EsmWorker),
        f"{LAMBDA}.provider": fresh(LambdaProvider),
    }
