"""Importing the layer has the same effect for all functions, because it may be preloaded."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.contract.project import ROOT

WATCH = """
import importlib, json, os, pkgutil, socket, sys, threading

noted = {"variables": [], "connections": []}
stock = type(os.environ).__getitem__

def watched(self, name):
    reader = sys._getframe(1)
    while reader.f_code.co_filename.startswith("<frozen"):  # the standard library's own steps
        reader = reader.f_back
    if "/layers/tidings/" in reader.f_code.co_filename:
        noted["variables"].append(name)
    return stock(self, name)

type(os.environ).__getitem__ = watched
sys.addaudithook(
    lambda event, _: noted["connections"].append(event) if event == "socket.connect" else None
)
import tidings
for module in pkgutil.walk_packages(tidings.__path__, "tidings."):
    importlib.import_module(module.name)
noted["threads"] = threading.active_count()
print(json.dumps(noted))
"""


@pytest.fixture(scope="module")
def noted() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", WATCH],
        env={
            "PYTHONPATH": str(ROOT / "layers" / "tidings"),
            # Malformed values, so that reading the settings fails too.
            "TIDINGS_CALLS_PER_MINUTE": "many",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_variable_is_read(noted: dict[str, Any]) -> None:
    assert noted["variables"] == []


def test_nothing_connects(noted: dict[str, Any]) -> None:
    assert noted["connections"] == []


def test_no_thread_is_started(noted: dict[str, Any]) -> None:
    assert noted["threads"] == 1
