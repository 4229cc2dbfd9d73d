"""The generated Python client, built once for all tests that use it."""

import fcntl
import hashlib
import importlib
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import bootstrap
from bootstrap import ROOT, STATE

SOURCES: Final = ROOT / "infra/client"
DOCUMENT: Final = ROOT / "functions/monitoring/openapi.json"
FOLDER: Final = STATE / "client-of-tests"


@cache
def client_package() -> Path:
    """Return the folder that contains the package `tidings_client`; build it if it changed."""
    bootstrap.ensure("client")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:  # the workers of a test run build it once
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = FOLDER / ".sources"
        if not stamp.is_file() or stamp.read_text() != _fingerprint():
            _build()
            stamp.write_text(_fingerprint())
    return FOLDER / "package"


def wheel() -> Path:
    """Return the client's wheel."""
    client_package()
    (found,) = (FOLDER / "dist").glob("*.whl")
    return found


def import_client() -> Any:
    """Return the package `tidings_client`."""
    folder = str(client_package())
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module("tidings_client")


def _build() -> None:
    command = [str(bootstrap.python_of("client")), "infra/client/build.py", str(FOLDER)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _fingerprint() -> str:
    files = [each for each in sorted(SOURCES.rglob("*")) if each.suffix in SUFFIXES]
    digest = hashlib.sha256((ROOT / "localstack/requirements/client.txt").read_bytes())
    for file in (DOCUMENT, *files):
        digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()


SUFFIXES: Final = {".py", ".jinja", ".md", ".toml"}
