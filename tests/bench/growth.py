"""Measure how lists grow: the same calls with 1,000, 20,000 and 200,000 documents.

Each number of documents has databases of its own, which are removed afterwards, and a process that
calls the domains' functions. A tenth of the documents belongs to the person who asks. After the
filling the database must have come to rest. Then each list is called some times with each number of
documents, in turns, so that a change of the machine's load changes all numbers alike. All parts are
bounded in time; a number of documents that was not stored in time is left out.
"""

import json
import multiprocessing
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil

from tests.bench.data import sized
from tests.bench.data.sized import Round, cpu_seconds
from tests.settings import stack_under_test

SIZES: Final = (1_000, 20_000, 200_000)
ROUNDS: Final = 20
CALLS_IN_ROUND: Final = 10
FILL_SECONDS: Final = 1_000.0
MEASURE_SECONDS: Final = 300.0
GOAL: Final = 1.3
# The database is at rest if it used less than this share of a processor in each of these seconds.
REST_SHARE: Final = 0.05
REST_SECONDS: Final = 5
REST_IS_AWAITED_SECONDS: Final = 150
# `make bench` itself keeps the table as growth.json.
JSON: Final = Path(".tidings/bench/growth-figures.json")

Rounds = dict[str, dict[int, list[Round]]]


class Size:
    """The process with one number of documents."""

    def __init__(self, number: int) -> None:
        self.number = number
        # The process has the environment of its start.
        os.environ["TIDINGS_DATABASE_PREFIX"] = f"tidings_growth_{secrets.token_hex(4)}"
        self._process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self._process.submit(os.getpid).result()

    def fill(self, until: float) -> list[str]:
        return self._process.submit(sized.fill, self.number, until).result()

    def measure(self, name: str, calls: int, server: int | None) -> Round | None:
        return self._process.submit(sized.measure, name, calls, server).result()

    def close(self) -> None:
        """Remove the documents, and end the process."""
        self._process.submit(sized.drop).result()
        self._process.shutdown()


def main() -> None:
    """Print a Markdown table, and write the figures as JSON."""
    server = _server(stack_under_test().mongodb_uri)
    with _sizes() as sizes:
        until = time.monotonic() + FILL_SECONDS
        lists = {size: size.fill(until) for size in sizes}
        rest = _await_rest(server)
        _write(_measure(lists, server), rest)


@contextmanager
def _sizes() -> Iterator[list[Size]]:
    with ExitStack() as opened:
        sizes = [Size(number) for number in SIZES]
        for size in sizes:
            opened.callback(size.close)
        yield sizes


def _await_rest(server: int | None) -> str:
    """Wait until the database has written what it was filled with; say how long that took."""
    begun, quiet, share = time.monotonic(), 0, 0.0
    while quiet < REST_SECONDS:
        if server is None:
            return "The database is not on this machine; it was not awaited."
        if time.monotonic() - begun > REST_IS_AWAITED_SECONDS:
            return (
                f"The database still used {share:.0%} of a processor after"
                f" {REST_IS_AWAITED_SECONDS} seconds."
            )
        before = cpu_seconds(server)
        time.sleep(1)
        share = cpu_seconds(server) - before
        quiet = quiet + 1 if share < REST_SHARE else 0
    return f"The database was at rest {time.monotonic() - begun:.0f} seconds after the filling."


def _measure(lists: Mapping[Size, list[str]], server: int | None) -> Rounds:
    """Measure in turns, after a first round that does not count."""
    rounds: Rounds = {name: {} for names in lists.values() for name in names}
    until = time.monotonic() + MEASURE_SECONDS
    for turn in range(ROUNDS + 1):
        for name, found in rounds.items():
            for size, names in lists.items():
                if name in names:
                    measured = size.measure(name, CALLS_IN_ROUND, server)
                    if turn and measured is not None:
                        found.setdefault(size.number, []).append(measured)
        print(f"round {turn} of {ROUNDS}", file=sys.stderr)
        if turn and time.monotonic() > until:
            break
    return rounds


def _server(uri: str) -> int | None:
    """Return the process of the database if it runs on this machine."""
    port = urlsplit(uri).port
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr[1:] == (port,) and each.pid:
            return each.pid
    return None


class Figures:
    """Milliseconds of a call: its 95th percentile; the CPU of both sides in the least round."""

    def __init__(self, rounds: list[Round]) -> None:
        spent = sorted(each for one in rounds for each in one.spent)
        least = min(rounds, key=lambda each: each.own + each.database)
        self.calls = len(spent)
        self.p95 = spent[int(0.95 * (len(spent) - 1))]
        self.own = least.own / len(least.spent)
        self.database = least.database / len(least.spent)
        self.commands = sum(each.commands for each in rounds) / len(spent)

    @property
    def cpu(self) -> float:
        """The CPU of both, which other programs on the machine change least."""
        return self.own + self.database


def _write(rounds: Rounds, rest: str) -> None:
    figures = {
        name: {number: Figures(each) for number, each in found.items()}
        for name, found in rounds.items()
        if found
    }
    kept = {
        name: {str(number): vars(each) for number, each in found.items()}
        for name, found in figures.items()
    }
    JSON.parent.mkdir(parents=True, exist_ok=True)
    JSON.write_text(json.dumps(kept, indent=1))
    sizes = " | ".join(f"{number:,}" for number in SIZES)
    print("<!-- chart: p95 ratio -->")
    print(f"| call | p95 ratio | p95 | CPU ratio | {sizes} | commands |")
    print(f"|---|{'---|' * (len(SIZES) + 4)}")
    for name, found in figures.items():
        row = list(found.values())
        cells = [
            _ratio([each.p95 for each in row]),
            " / ".join(f"{each.p95:.1f}" for each in row),
            _ratio([each.cpu for each in row]),
            *(_cell(found.get(number)) for number in SIZES),
            f"{row[-1].commands:.0f}",
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    calls = min(each.calls for found in figures.values() for each in found.values())
    print(
        f"\n{rest} At least {calls} calls of each list with each number of documents, in turns of"
    )
    print(
        f"{CALLS_IN_ROUND}. p95: milliseconds of time with each number; the other columns: of CPU,"
    )
    print("here and in the database. Ratios are of the largest to the smallest. Goal: at most")
    print(f"{GOAL}.")


def _ratio(values: list[float]) -> str:
    return f"{max(values) / min(values):.2f}"


def _cell(figures: Figures | None) -> str:
    return "" if figures is None else f"{figures.own:.1f} + {figures.database:.1f}"


if __name__ == "__main__":
    main()
