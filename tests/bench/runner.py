"""Measure a function that returns a constant, through the front door and by the runner's socket.

Logs and metrics are written to a stand-in for LocalStack, which needs less CPU than LocalStack.
Needs `wrk` and TIDINGS_RUNTIME_PYTHON.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from statistics import median

import psutil

from tests.bench.door import CLIENTS, measure
from tests.integration.test_runner import PREFIX, Runner, deployed, leads_to
from tests.unit.front_door.builders import a_resource, a_stage
from tests.unit.runner.records.cloudwatch_server import CloudWatchServer
from tidings_local.runner.forms import ALL, Snapshot, function_form

SOURCE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"
PATH = "/_aws/execute-api/tidings/local/products"
CALLS = 2000


def main() -> None:
    """Print a Markdown table."""
    with tempfile.TemporaryDirectory() as folder, CloudWatchServer() as localstack:
        localstack.deployed = asdict(_told(Path(folder)))
        runner = Runner(Path(folder), localstack.url, log_level="warning")
        try:
            _print_table(runner)
        finally:
            runner.kill()


def _told(folder: Path) -> Snapshot:
    told = Snapshot("bench")
    function = deployed(folder / "proxy", "proxy", SOURCE)
    told.apply("functions", function.arn, function_form(function))
    told.apply("rest_apis", ALL, [a_stage(a_resource("/products", leads_to("proxy")))])
    return told


def _print_table(runner: Runner) -> None:
    process = psutil.Process(runner.process.pid)
    runner.get(PATH)
    print("| what | clients | a second | p50 | runner's CPU |\n|---|---|---|---|---|")
    for clients in CLIENTS:
        found = measure(f"http://127.0.0.1:{runner.port}{PATH}", clients, process)
        row = f"{found.per_second:,.0f} | {found.p50} | {found.cpu_ms:.2f} ms"
        print(f"| front door | {clients} | {row} |")
    for clients in CLIENTS:
        per_second, p50_ms = _by_socket(runner, clients)
        print(f"| socket | {clients} | {per_second:,.0f} | {p50_ms:.2f}ms | |")


def _by_socket(runner: Runner, clients: int) -> tuple[float, float]:
    """Call from several threads, as LocalStack and the bridge do."""

    def call(_: int) -> float:
        begun = time.monotonic()
        assert runner.client.invoke(f"{PREFIX}:proxy", b"{}").status == 200
        return time.monotonic() - begun

    begun = time.monotonic()
    with ThreadPoolExecutor(clients) as threads:
        took = list(threads.map(call, range(CALLS)))
    return CALLS / (time.monotonic() - begun), median(took) * 1000


if __name__ == "__main__":
    main()
