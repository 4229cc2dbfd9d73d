"""Measure cold starts by kind of function, beside a function that does nothing.

Needs no running stack, but the third-party layer of `make up`, or of another build:

    python -m tests.bench.cold [FOLDER of a DependenciesLayer]
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import uuid4

from tests.unit.lambda_host.builders import runtime_python
from tidings_local.lambda_host import Function, Invocation
from tidings_local.lambda_host.host import HostSettings, LambdaHost
from tidings_local.launcher.deploying.build import builds_folder
from tidings_local.launcher.settings import ROOT

TIMES: Final = 5
# One function of each kind: its folder and its module.
KINDS: Final = {
    "does nothing": None,
    "endpoint that reads (get_order)": ("functions/orders", "get_order"),
    "public endpoint (get_products)": ("functions/products", "get_products"),
    "endpoint that writes (place_order)": ("functions/orders", "place_order"),
    "sign-in (login)": ("functions/users", "login"),
    "consumer (orders)": ("functions/orders", "orders"),
    "consumer (notifications)": ("functions/notifications", "notifications"),
    "delivery (deliver)": ("functions/delivery", "deliver"),
    "job (settle_orders)": ("functions/orders", "settle_orders"),
    "gateway": ("gateway", "app"),
}
# Stands in for the handler, imports its module, and returns the CPU time of its process so far.
PROBE: Final = """
import importlib, json, sys, time
before = len(sys.modules)
if {module!r}:
    importlib.import_module({module!r})
after = {{"cpu": time.process_time() * 1000, "modules": len(sys.modules) - before}}
def handler(event, context):
    return after
"""
PLAIN: Final = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
if len(sys.argv) > 1:
    __import__(sys.argv[1])
print(json.dumps([(time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000]))
"""
# As in template.yaml.
VARIABLES: Final = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
# A process of its own, not forked from a template (lambda_host/launching.py).
WITHOUT_TEMPLATE: Final = {"PYTHONDONTWRITEBYTECODE": "1"}


def main(arguments: list[str]) -> None:
    """Print a Markdown table: the median of five starts each."""
    packages = Path(arguments[0]) if arguments else _newest_build() / "DependenciesLayer"
    with tempfile.TemporaryDirectory() as folder:
        opt = _layers(packages, Path(folder) / "opt")
        columns = ("`import` alone", "its CPU", "init", "init CPU", "init from the template")
        sys.stdout.write("<!-- chart: init CPU -->\n")
        _row("function", *columns, "its CPU", "modules")
        _row(*["---"] * 8)
        asyncio.run(_measure(Path(folder), opt))


def _newest_build() -> Path:
    return max(
        (each for each in builds_folder().iterdir() if (each / "DependenciesLayer").is_dir()),
        key=lambda each: each.stat().st_mtime,
    )


def _layers(packages: Path, opt: Path) -> Path:
    """Return a folder like /opt: links to the third-party packages, and our layer as built."""
    subprocess.run(
        ["make", "-s", "build-TidingsLayer"],
        cwd=ROOT / "layers/tidings",
        env={**os.environ, "ARTIFACTS_DIR": str(opt)},
        check=True,
    )
    for entry in (packages / "python").iterdir():
        (opt / "python" / entry.name).symlink_to(entry)
    return opt


async def _measure(folder: Path, opt: Path) -> None:
    host = LambdaHost(HostSettings(interpreter=runtime_python(), directory=folder / "host"))
    try:
        for number, (what, place) in enumerate(KINDS.items()):
            code = _code(folder / f"code-{number}", place)
            own = _imported_alone(code, opt, place)
            spawned = await _starts(host, code, opt, WITHOUT_TEMPLATE)
            forked = await _starts(host, code, opt, {})
            _row(what, *own, *spawned[:2], *forked[:2], spawned[2])
    finally:
        await host.stop()


def _code(code: Path, place: tuple[str, str] | None) -> Path:
    """Return a compiled folder with a function's code and the probe."""
    if place is None:
        code.mkdir()
    else:
        shutil.copytree(ROOT / place[0], code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "probe.py").write_text(PROBE.format(module=place[1] if place else ""))
    subprocess.run([runtime_python(), "-m", "compileall", "-q", code], check=True)
    return code


def _imported_alone(code: Path, opt: Path, place: tuple[str, str] | None) -> tuple[str, str]:
    """Return the time and the CPU time of importing the handler in a bare interpreter."""
    found: list[tuple[float, float]] = []
    for _ in range(TIMES):
        done = subprocess.run(
            [runtime_python(), "-P", "-B", "-c", PLAIN, *(place[1:] if place else ())],
            env=VARIABLES | {"PYTHONPATH": f"{code}{os.pathsep}{opt / 'python'}"},
            capture_output=True,
            check=True,
        )
        found.append(tuple(json.loads(done.stdout)))
    wall, cpu = zip(*found, strict=True)
    return f"{median(wall):.0f} ms", f"{median(cpu):.0f} ms"


async def _starts(
    host: LambdaHost, code: Path, opt: Path, variables: dict[str, str]
) -> tuple[str, str, int]:
    """Return the init time, the CPU time and the modules of new environments."""
    init: list[float] = []
    answers: list[dict[str, Any]] = []
    for number in range(TIMES + 1):
        outcome = await host.invoke(_function(code, opt, variables), Invocation(payload=b"{}"))
        assert not outcome.is_error, outcome.payload
        assert outcome.init_ms is not None
        if number:  # the first one waited for the template
            init.append(outcome.init_ms)
            answers.append(json.loads(outcome.payload))
    cpu = median(each["cpu"] for each in answers)
    return f"{median(init):.0f} ms", f"{cpu:.0f} ms", answers[0]["modules"]


def _function(code: Path, opt: Path, variables: dict[str, str]) -> Function:
    name = f"f-{uuid4().hex}"  # another one for each start, so that none is warm
    return Function(
        name=name,
        version="$LATEST",
        arn=f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
        revision="1",
        handler="probe.handler",
        code_dir=code,
        opt_dir=opt,
        variables=VARIABLES | variables,
        timeout_seconds=30,
        memory_mb=1024,
    )


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
