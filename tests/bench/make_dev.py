"""Measure the time from saving a file under `make dev` to the first call with the new code."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bootstrap import ROOT
from tests.e2e.aws import client
from tests.faults.make_dev import MakeDev

TIMES = 10
LIMIT_SECONDS = 30.0
FUNCTION, FILE = "tidings-get-jwks", "functions/users/get_jwks.py"
LAYER_FILE = "layers/tidings/tidings/platform/timing/clock.py"
GATEWAY, GATEWAY_FILE = "tidings-gateway", "gateway/app.py"
ANSWER = "\n\ndef {name}(*_: object) -> object:\n    return {value!r}\n"


def main() -> None:
    """Print a Markdown table."""
    _row("saved", "called", "p50", "longest")
    _row(*["---"] * 4)
    with tempfile.TemporaryDirectory() as folder:
        dev = MakeDev(Path(folder))
        try:
            _measure(dev)
        finally:
            dev.end()


def _measure(dev: MakeDev) -> None:
    layer, gateway = (ROOT / LAYER_FILE).read_text(), (ROOT / GATEWAY_FILE).read_text()
    _report("a function", FUNCTION, dev, FILE, lambda n: ANSWER.format(name="handler", value=n))
    reads_layer = (
        "from tidings.platform.timing import clock\n\n\ndef handler(*_: object) -> object:\n"
    )
    dev.save(FILE, f"{reads_layer}    return getattr(clock, 'MARK', None)\n")
    _report("the layer", FUNCTION, dev, LAYER_FILE, lambda n: f"{layer}\n\nMARK = {n}\n")
    _report(
        "the gateway",
        GATEWAY,
        dev,
        GATEWAY_FILE,
        lambda n: gateway + ANSWER.format(name="app", value=n),
    )


def _report(what: str, function: str, dev: MakeDev, file: str, text: Callable[[int], str]) -> None:
    took = [_seconds(function, dev.tree.folder / file, text(n), n) for n in range(TIMES)]
    _row(what, function, f"{median(took):.2f} s", f"{max(took):.2f} s")


def _seconds(function: str, file: Path, text: str, expected: int) -> float:
    begun = time.monotonic()
    file.write_text(text)
    while time.monotonic() - begun < LIMIT_SECONDS:
        answer = client("lambda").invoke(FunctionName=function, Payload=b"{}")
        if json.loads(answer["Payload"].read()) == expected:
            return time.monotonic() - begun
    raise AssertionError(f"{function} did not run {file} within {LIMIT_SECONDS:g} s")


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
