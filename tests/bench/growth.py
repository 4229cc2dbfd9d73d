"""Measure how lists grow: the same calls with 1,000, 20,000 and 200,000 documents.

The domains' functions are called in this process, in a database of their own that is removed
afterwards. A tenth of the documents belongs to the person who asks. Filling ends after
`FILL_SECONDS`; a size that is not reached is left out.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import psutil
import pymongo
from pymongo import monitoring

SIZES: Final = (1_000, 20_000, 200_000)
ROUNDS: Final = 5
CALLS_IN_ROUND: Final = 10
CALL_SECONDS: Final = 30.0
FILL_SECONDS: Final = 1200.0
GOAL: Final = 1.3
# `make bench` itself keeps the table as growth.json.
JSON: Final = Path(".tidings/bench/growth-figures.json")

os.environ["TIDINGS_DATABASE_PREFIX"] = f"tidings_growth_{secrets.token_hex(4)}"

# The settings are read when the modules are first used.
from tests.bench.data import grown  # noqa: E402
from tests.bench.data.lists import LISTS, Call  # noqa: E402
from tests.settings import stack_under_test  # noqa: E402
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignSchedule  # noqa: E402
from tidings.platform.settings import settings  # noqa: E402
from tidings.platform.storage import database  # noqa: E402


class Measured(NamedTuple):
    """Milliseconds of a call: its 95th percentile; CPU of this process and of the database."""

    p95: float
    own: float
    database: float
    commands: float

    @property
    def cpu(self) -> float:
        """The CPU of both, which other programs on the machine change least."""
        return self.own + self.database


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


def measure(call: Call, server: psutil.Process | None) -> Measured:
    """Call in rounds until there are enough, or no more time; CPU is that of the least round."""
    call(0)
    spent: list[float] = []
    rounds: list[tuple[float, float]] = []
    begun, commands = time.monotonic(), COMMANDS.number
    while len(rounds) < ROUNDS and time.monotonic() - begun < CALL_SECONDS:
        own, busy = time.process_time(), _cpu(server)
        for _ in range(CALLS_IN_ROUND):
            start = time.perf_counter()
            call(len(spent) + 1)
            spent.append((time.perf_counter() - start) * 1000)
        used = time.process_time() - own, _cpu(server) - busy
        rounds.append((used[0] * 1000 / CALLS_IN_ROUND, used[1] * 1000 / CALLS_IN_ROUND))
    own, busy = min(rounds, key=sum)
    return Measured(
        p95=sorted(spent)[int(0.95 * (len(spent) - 1))],
        own=own,
        database=busy,
        commands=(COMMANDS.number - commands) / len(spent),
    )


def _cpu(server: psutil.Process | None) -> float:
    """Return the CPU seconds of a process; its `cpu_times` are told in hundredths."""
    if server is None:
        return 0.0
    threads = Path(f"/proc/{server.pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


def _server(uri: str) -> psutil.Process | None:
    """Return the process of the database if it runs on this machine."""
    port = urlsplit(uri).port
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr[1:] == (port,) and each.pid:
            return psutil.Process(each.pid)
    return None


@contextmanager
def own_database() -> Iterator[None]:
    monitoring.register(COMMANDS)
    client = database.connect()
    prefix = settings().database_prefix
    assert prefix.startswith("tidings_growth_")
    try:
        yield
    finally:
        with pymongo.timeout(600):
            for name in database.DATABASES:
                for collection in client[f"{prefix}_{name}"].list_collection_names():
                    client[f"{prefix}_{name}"][collection].drop()
                client.drop_database(f"{prefix}_{name}")


def main() -> None:
    """Print a Markdown table, and write the figures as JSON."""
    server = _server(stack_under_test().mongodb_uri)
    results: dict[str, dict[int, Measured]] = {}
    with own_database():
        Campaign(
            id=grown.CAMPAIGN,
            name="Spring",
            template_code="promotion",
            audience=CampaignAudience(),
            schedule=CampaignSchedule(kind="weekly"),
            state="finished",
        ).save()
        stored, until = 0, time.monotonic() + FILL_SECONDS
        for size in SIZES:
            for document_class, calls in LISTS.items():
                if not _fill(document_class, stored, size, until):
                    break
                for name, call in calls().items():
                    results.setdefault(name, {})[size] = _told(name, size, call, server)
            stored = size
        _write(results)


def _fill(document_class: type[Any], first: int, last: int, until: float) -> bool:
    step = 5_000
    for begin in range(first, last, step):
        if time.monotonic() > until:
            return False
        grown.fill(document_class, begin, min(begin + step, last))
    print(f"{last:,} of {document_class.__name__}", file=sys.stderr)
    return True


def _told(name: str, size: int, call: Call, server: psutil.Process | None) -> Measured:
    try:
        found = measure(call, server)
    except pymongo.errors.PyMongoError as error:
        print(f"{name} with {size:,}: {error}", file=sys.stderr)
        return Measured(float("nan"), float("nan"), float("nan"), float("nan"))
    print(f"{name} with {size:,}: {found.p95:.1f} ms", file=sys.stderr)
    return found


def _write(results: dict[str, dict[int, Measured]]) -> None:
    figures = {
        name: {str(size): each._asdict() for size, each in found.items()}
        for name, found in results.items()
    }
    JSON.parent.mkdir(parents=True, exist_ok=True)
    JSON.write_text(json.dumps(figures, indent=1))
    titles = [f"{size:,}" for size in SIZES]
    print("<!-- chart: last / first -->")
    print(f"| call | last / first | {' | '.join(titles)} | commands | p95 |")
    print(f"|---|{'---|' * (len(SIZES) + 3)}")
    for name, found in results.items():
        row = list(found.values())
        cells = [f"{row[-1].cpu / row[0].cpu:.2f}"]
        cells += [_cell(found.get(size)) for size in SIZES]
        cells += [f"{row[-1].commands:.0f}", " / ".join(f"{each.p95:.0f}" for each in row)]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\nMilliseconds of CPU of a call, here and in the database; p95 is milliseconds of time,")
    print(f"with each number of documents. Goal: last / first at most {GOAL}.")


def _cell(measured: Measured | None) -> str:
    return "" if measured is None else f"{measured.own:.1f} + {measured.database:.1f}"


if __name__ == "__main__":
    main()
