"""The lists with one number of documents, in a process and databases of their own.

The name of the databases is in `TIDINGS_DATABASE_PREFIX` when the process starts.
"""

import sys
import time
from typing import Final, NamedTuple

import pymongo
from pymongo import monitoring

from tests.bench.data import grown
from tests.bench.data.lists import LISTS, Call
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignSchedule
from tidings.platform.settings import settings
from tidings.platform.storage import database

FILL_STEP: Final = 5_000
CPU_OF_ALL_THREADS: Final = 2
DROP_SECONDS: Final = 600

_calls: Final[dict[str, Call]] = {}


class Round(NamedTuple):
    """Some calls of one list: the milliseconds of each, and of all of them the milliseconds of CPU
    of this process and of the database, and the commands."""

    spent: list[float]
    own: float
    database: float
    commands: int


class Commands(monitoring.CommandListener):
    """Counts database commands."""

    number = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.number += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


COMMANDS: Final = Commands()


def fill(size: int, until: float) -> list[str]:
    """Store this many documents of each kind until a time of the monotonic clock.

    Returns:
        The lists of the kinds that were stored completely.
    """
    monitoring.register(COMMANDS)
    database.connect()
    Campaign(
        id=grown.CAMPAIGN,
        name="Spring",
        template_code="promotion",
        audience=CampaignAudience(),
        schedule=CampaignSchedule(kind="weekly"),
        state="finished",
    ).save()
    for document_class, calls in LISTS.items():
        for begin in range(grown.LAST - size, grown.LAST, FILL_STEP):
            if time.monotonic() > until:
                return list(_calls)
            grown.fill(document_class, begin, min(begin + FILL_STEP, grown.LAST))
        _calls.update(calls())
    return list(_calls)


def measure(name: str, calls: int, server: int | None) -> Round | None:
    """Call a list a number of times; return None if the database was too slow for one of them.

    Args:
        server: the process of the database, if it runs on this machine.
    """
    try:
        return _measured(_calls[name], calls, server)
    except pymongo.errors.PyMongoError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return None


def _measured(call: Call, calls: int, server: int | None) -> Round:
    spent: list[float] = []
    commands, own, busy = COMMANDS.number, time.process_time(), cpu_seconds(server)
    for number in range(calls):
        start = time.perf_counter()
        call(number)
        spent.append((time.perf_counter() - start) * 1000)
    return Round(
        spent=spent,
        own=(time.process_time() - own) * 1000,
        database=(cpu_seconds(server) - busy) * 1000,
        commands=COMMANDS.number - commands,
    )


def drop() -> None:
    """Remove the databases of this process."""
    client, prefix = database.connect(), settings().database_prefix
    with pymongo.timeout(DROP_SECONDS):
        for name in database.DATABASES:
            of_domain = client[f"{prefix}_{name}"]
            for collection in of_domain.list_collection_names():
                of_domain[collection].drop()
            client.drop_database(of_domain.name)


def cpu_seconds(process: int | None) -> float:
    """Return the CPU seconds of a process of this machine, also of its threads that have ended.

    psutil tells hundredths only. Linux makes a process's clock from its id: clock_getcpuclockid(3).
    """
    return 0.0 if process is None else time.clock_gettime((~process << 3) | CPU_OF_ALL_THREADS)
