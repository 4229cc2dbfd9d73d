"""Functions to try, and what a test waits for."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidings_local.lambda_host import Function

WAIT_SECONDS = 10.0


def a_function(folder: Path, source: str = "", **settings: Any) -> Function:
    """`source` is a module `app` with a `handler`; each call of this makes a new revision."""
    revision = str(time.monotonic_ns())
    code_dir = folder / f"code-{revision}"
    code_dir.mkdir(parents=True)
    (code_dir / "app.py").write_text(source)
    given = {"name": "orders-place", "version": "$LATEST", "handler": "app.handler", **settings}
    given.setdefault("arn", f"arn:aws:lambda:us-east-1:000000000000:function:{given['name']}")
    return Function(code_dir=code_dir, revision=revision, **given)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_SECONDS:g} seconds"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """False for a zombie, too: it holds nothing and only waits to be noticed."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def runtime_python() -> Path:
    path = os.environ.get("TIDINGS_RUNTIME_PYTHON")
    assert path, "set TIDINGS_RUNTIME_PYTHON to a Python 3.11 with awslambdaric and boto3 only"
    return Path(path)
