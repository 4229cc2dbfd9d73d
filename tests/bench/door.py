"""Measure the front door alone: a constant answer, and the cost of forwarding to LocalStack.

Needs `wrk`. With a running stack's LocalStack:

    python -m tests.bench.door [HOST:PORT of LocalStack]
"""

import asyncio
import multiprocessing
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import uvloop

from tests.unit.front_door.server.certificate import make_certificate
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.server import FrontDoor

SECONDS = 5
CLIENTS = (1, 8)
HEADERS = {
    "Accept": "*/*",
    "Content-Type": "application/json",
    "User-Agent": "wrk",
    "Authorization": "Bearer eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl",
}
CONSTANT = Response(
    status=200,
    headers=[(b"Content-Type", b"application/json"), (b"x-amzn-RequestId", b"c6af9ac6-7b61")],
    body=b'{"message": "hello"}',
)
HEALTH = "/_localstack/health"


@dataclass(frozen=True, slots=True)
class Measured:
    per_second: float
    p50: str
    cpu_ms: float
    """Of the door's process, for a request."""


def main() -> None:
    """Print a Markdown table."""
    upstream = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder, _door(Path(folder), upstream) as (port, process):
        rows: list[tuple[str, str, psutil.Process | None]] = [
            (f"constant, {scheme}", f"{scheme}://localhost:{port}/ours", process)
            for scheme in ("http", "https")
        ]
        if upstream:
            for scheme in ("http", "https"):
                rows.append((f"LocalStack, {scheme}", f"{scheme}://{upstream}{HEALTH}", None))
                url = f"{scheme}://localhost:{port}{HEALTH}"
                rows.append((f"the same through the door, {scheme}", url, process))
        print("| what | clients | a second | p50 | door's CPU |\n|---|---|---|---|---|")
        for name, url, measured_process in rows:
            for clients in CLIENTS:
                found = measure(url, clients, measured_process)
                cpu = f"{found.cpu_ms:.3f} ms" if measured_process else ""
                print(f"| {name} | {clients} | {found.per_second:,.0f} | {found.p50} | {cpu} |")


@contextmanager
def _door(folder: Path, upstream: str) -> Iterator[tuple[int, psutil.Process]]:
    certificate = make_certificate(folder / "localhost.pem")
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(certificate, upstream, theirs))
    process.start()
    try:
        yield ours.recv(), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()


def _serve(certificate: Path, upstream: str, port: Connection) -> None:
    async def run() -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        host, _, number = upstream.rpartition(":")
        door = FrontDoor(_answer, (host, int(number)) if upstream else None)
        port.send(await door.listen("127.0.0.1", 0, tls))
        await asyncio.Event().wait()

    uvloop.run(run())


def _answer(request: Request) -> Awaitable[Response] | None:
    return _constant() if request.target == b"/ours" else None


async def _constant() -> Response:
    return CONSTANT


def measure(url: str, clients: int, process: psutil.Process | None) -> Measured:
    """Call a URL with wrk."""
    options = [each for name, value in HEADERS.items() for each in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", *options, url]
    before = _cpu(process)
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = _cpu(process) - before
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    return Measured(
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50=_found(r"\n\s+50%\s+(\S+)", text),
        cpu_ms=1000 * spent / int(_found(r"(\d+) requests in", text)),
    )


def _cpu(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    times = process.cpu_times()
    return float(times.user + times.system)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(text)
    return match[1]


if __name__ == "__main__":
    main()
