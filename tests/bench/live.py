"""Measure the live inbox on the running stack: 1,000 open apps get 10,000 notifications."""

import asyncio
import json
import multiprocessing
import ssl
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
import pymongo

from tests.readers import COMMAND_SECONDS, readers
from tests.settings import stack_under_test
from tests.waiting import eventually
from tidings.notifications.creating import MAX_RECIPIENTS, create_notifications
from tidings.notifications.drafting import NotificationContent
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Principal, Role, issue_access_token
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id

STREAMS: Final = 1_000
ROUNDS: Final = 10
# Notified one by one.
SINGLY: Final = 300
AT_ONCE: Final = 50
MEGABYTE: Final = 2**20


def main() -> None:
    """Print Markdown tables. The stack must be up."""
    database.connect()
    stack = stack_under_test()
    rows = [
        ("through the front door, HTTPS", *_measured(stack.api_url)),
        ("the server alone, HTTP", *_measured(stack.live_url)),
    ]
    names = [name for name, _ in rows[0][1:]]
    _row("", *(title for title, *_ in rows))
    _row("---", *("---" for _ in rows))
    for place, name in enumerate(names):
        _row(name, *(row[1 + place][1] for row in rows))


def _measured(url: str) -> list[tuple[str, str]]:
    with readers(STREAMS) as people, _Apps(url, people) as apps:
        before = _usage()
        opening = apps.open()
        time.sleep(2)  # for what the openings leave to the collector
        opened = _usage()
        began = time.time()
        stored = _notify(people)
        storing = time.time() - began
        arrivals = apps.arrivals(len(stored))
        told = _usage()
        singly = _notify_singly(people)
        later = apps.arrivals(len(singly))
    delays = sorted(max(0.0, at - stored[entry_id]) for entry_id, at in arrivals)
    single = sorted(at - singly[entry_id] for entry_id, at in later)
    count = Counter(entry_id for entry_id, _ in arrivals)
    count += Counter(entry_id for entry_id, _ in later)
    once = len(count) == len(stored) + len(singly) and set(count.values()) == {1}
    rate = len(stored) / storing
    return [
        ("streams opened a second", f"{STREAMS / opening:,.0f}"),
        ("memory of the server, without streams", f"{before['live'].rss:.0f} MB"),
        (f"with {STREAMS:,}", f"{opened['live'].rss:.0f} MB"),
        ("after the notifications", f"{told['live'].rss:.0f} MB"),
        ("more memory of the runner", f"{told['runner'].rss - before['runner'].rss:.0f} MB"),
        ("notifications, a second", f"{len(stored):,}, {rate:.0f}"),
        ("shown exactly once", "all of them" if once else "NO"),
        (f"after a write for {MAX_RECIPIENTS} people, p50 / p95 / longest", _times(delays)),
        ("from before a write for one person, p50 / p95 / longest", _times(single)),
        ("CPU of the server, each", _cpu(told, opened, "live", len(stored))),
        ("CPU of the runner, each", _cpu(told, opened, "runner", len(stored))),
    ]


def _times(seconds: list[float]) -> str:
    """Return three of the times, of which the shortest is the first."""
    shares = (seconds[int(len(seconds) * share)] for share in (0.5, 0.95))
    return " / ".join(f"{1000 * each:.0f}" for each in (*shares, seconds[-1])) + " ms"


# ------------------------------------------------------------------------------- the shop


def _notify(people: list[str]) -> dict[str, float]:
    """Notify all people several times; return the ids, each with the time of its notification."""
    stored: dict[str, float] = {}
    with pymongo.timeout(COMMAND_SECONDS * ROUNDS):
        for _ in range(ROUNDS):
            for first in range(0, len(people), MAX_RECIPIENTS):
                outbox.begin_noting()
                made = create_notifications(people[first : first + MAX_RECIPIENTS], _content())
                # Writing 500 takes a second or more; the signal is sent at its end.
                ended = time.time()
                stored |= {each.notification_id: ended for each in made.values()}
    return stored


def _notify_singly(people: list[str]) -> dict[str, float]:
    """Notify people one by one; return the ids, each with the time before its write."""
    stored: dict[str, float] = {}
    for each in people[:SINGLY]:
        outbox.begin_noting()
        began = time.time()
        (made,) = create_notifications([each], _content()).values()
        stored[made.notification_id] = began
    return stored


def _content() -> NotificationContent:
    number = uuid4().hex
    return NotificationContent(
        kind="order.status_update",
        category="orders",
        template_code="order_status_update",
        variables={"order_id": number, "state": "packed"},
        subject_id=number,
        dedupe=number,
        event_id=number,
        channels=frozenset({"inbox"}),
    )


# ------------------------------------------------------------------------------- the apps


class _Apps:
    """A process with a stream for each person."""

    def __init__(self, url: str, people: list[str]) -> None:
        tokens = [issue_access_token(_caller(each)) for each in people]
        processes = multiprocessing.get_context("spawn")
        self._pipe, theirs = processes.Pipe()
        arguments = (url, stack_under_test().ca_file, tokens, theirs)
        self._process = processes.Process(target=_run_apps, args=arguments, daemon=True)

    def __enter__(self) -> "_Apps":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        eventually(lambda: _streams() == 0)

    def open(self) -> float:
        """Open all streams; return the seconds that it took."""
        self._process.start()
        seconds: float = self._pipe.recv()
        return seconds

    def arrivals(self, count: int) -> list[tuple[str, float]]:
        """Return the ids of this number of notifications, each with the time of its arrival."""
        self._pipe.send(count)
        arrived: list[tuple[str, float]] = self._pipe.recv()
        return arrived


def _caller(user_id: str) -> Principal:
    return Principal(user_id=user_id, role=Role.CUSTOMER, session_id=new_id(), security_version=0)


def _run_apps(url: str, ca_file: str, tokens: list[str], pipe: Connection) -> None:
    asyncio.run(_hold(url, ca_file, tokens, pipe))


async def _hold(url: str, ca_file: str, tokens: list[str], pipe: Connection) -> None:
    parts = urlsplit(url)
    trust = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
    arrived: list[tuple[str, float]] = []
    gate = asyncio.Semaphore(AT_ONCE)
    began = time.time()
    streams = await asyncio.gather(*(_connect(parts, trust, each, gate) for each in tokens))
    pipe.send(time.time() - began)
    readings = [asyncio.create_task(_read(each, arrived)) for each in streams]
    while True:
        count = await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        quiet_since, seen = time.time(), 0
        # Some more seconds show whether anything comes twice.
        while time.time() - quiet_since < (3 if seen >= count else 60):
            await asyncio.sleep(0.2)
            if len(arrived) != seen:
                quiet_since, seen = time.time(), len(arrived)
        pipe.send(arrived[:])
        arrived.clear()
        assert not any(each.done() for each in readings), "a stream ended"


async def _connect(
    parts: Any, trust: ssl.SSLContext | None, token: str, gate: asyncio.Semaphore
) -> asyncio.StreamReader:
    """Open one stream, and wait for its first event."""
    async with gate:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=trust)
        writer.write(
            f"GET {parts.path}/live/inbox HTTP/1.1\r\nHost: {parts.hostname}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head, head
        await reader.readuntil(b"\n\n")
        reader.__dict__["kept"] = writer  # it would close the connection when it is collected
        return reader


async def _read(reader: asyncio.StreamReader, arrived: list[tuple[str, float]]) -> None:
    while line := await reader.readline():
        if line.startswith(b"data: ") and b'"kind"' in line:
            arrived.append((json.loads(line[6:])["id"], time.time()))


# ------------------------------------------------------------------------------- the stack


class _Use:
    """Memory in MB, and CPU time in seconds."""

    def __init__(self, process: psutil.Process) -> None:
        self.rss = process.memory_info().rss / MEGABYTE
        self.cpu = sum(process.cpu_times()[:2])


def _usage() -> dict[str, _Use]:
    """Return what the server of the live inbox and the runner use."""
    stack = stack_under_test()
    ports = {"live": urlsplit(stack.live_url).port, "runner": urlsplit(stack.api_url).port}
    found: dict[str, _Use] = {}
    for connection in psutil.net_connections("tcp"):
        for name, port in ports.items():
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr[1:] == (port,) and connection.pid:
                found[name] = _Use(psutil.Process(connection.pid))
    return found


def _cpu(after: dict[str, _Use], before: dict[str, _Use], name: str, count: int) -> str:
    return f"{1000 * (after[name].cpu - before[name].cpu) / count:.2f} ms"


def _streams() -> int:
    told = httpx.get(f"{stack_under_test().live_url}/health", trust_env=False).json()
    return int(told["streams"])


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")


if __name__ == "__main__":
    main()
