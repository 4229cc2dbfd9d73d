"""Checks of the machine: programs, Python packages, disk, memory."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

import bootstrap

from ...running.programs import REDIS, Program, how_to_bring, search_path
from ...running.services.members import needed_programs
from .finding import Finding, Section, bad, listed, ok, skipped, warn
from .installation import Installation

PYTHON = (3, 11)
OLDEST_REDIS = (7, 0)
OLDEST_NODE = (20, 0)
OLDEST_PIP = (22, 0)
"""The oldest versions that were tried."""
MEGABYTE = 1_000_000
BLOCKS_AT_MB = 200
"""RabbitMQ accepts no message below this (infra/rabbitmq/rabbitmq.conf)."""
DISK_BAD_MB = 2 * BLOCKS_AT_MB
DISK_WARN_MB = 2_000
MEMORY_WARN_MB = 500


def check_python(_installation: Installation) -> Finding:
    found = sys.version_info[:2]
    if found != PYTHON:
        return bad(f"Python {_dotted(found)}; Lambda's is 3.11", "make up PYTHON=python3.11")
    pip = version_in(_answer([sys.executable, "-m", "pip", "--version"]))
    old = bootstrap.outdated(["boot", "stack", "sam", "localstack", "runtime"])
    if old:
        return warn(f"packages are missing or out of date: {listed(old)}", "make up")
    if pip and pip < OLDEST_PIP:
        return warn(f"pip {_dotted(pip)} is older than {_dotted(OLDEST_PIP)}", "pip install -U pip")
    return ok(f"Python {sys.version.split()[0]}, its packages as pinned")


def check_programs(installation: Installation) -> Finding:
    """Check the servers of the system: there, and not too old. RabbitMQ's is asked of the broker.

    Asking `rabbitmq-server` itself takes two seconds.
    """
    path = search_path()
    needed = needed_programs(installation.settings)
    if missing := [program for program in needed if program.find(path) is None]:
        return bad(f"missing: {listed(each.name for each in missing)}", how_to_bring(missing))
    told = []
    if REDIS in needed:
        redis = _version_of(REDIS, path)
        if redis and redis < OLDEST_REDIS:
            return bad(f"Redis {_dotted(redis)} is older than 7.0", "install a newer redis-server")
        told.append(f"Redis {_dotted(redis or ())}")
    return ok(", ".join([*told, *(each.name for each in needed if each is not REDIS)]))


def check_node(_installation: Installation) -> Finding:
    """Check Node.js, which only some targets need."""
    node = shutil.which("node", path=search_path())
    if node is None:
        return skipped("no Node.js: only make test-requests and the local GraphiQL need it")
    version = version_in(_answer([node, "--version"]))
    if version is None or version < OLDEST_NODE:
        return warn(
            f"Node.js {_dotted(version or ())} is too old for make test-requests",
            "install Node.js 20 or later",
        )
    return ok(f"Node.js {_dotted(version)}")


def check_disk(installation: Installation) -> Finding:
    folder = _existing(installation.stack.folder)
    return disk_finding(shutil.disk_usage(folder).free // MEGABYTE, folder)


def disk_finding(free_mb: int, folder: Path) -> Finding:
    found = f"{free_mb:,} MB free in {folder}"
    clean = f"free disk space: du -xh {folder} | sort -h | tail"
    if free_mb < DISK_BAD_MB:
        told = f"{found}; RabbitMQ stops below {BLOCKS_AT_MB} MB"
        return bad(told, clean, Section.RABBITMQ_BLOCKS_PUBLISHERS)
    if free_mb < DISK_WARN_MB:
        return warn(found, clean, Section.RABBITMQ_BLOCKS_PUBLISHERS)
    return ok(found)


def check_memory(_installation: Installation) -> Finding:
    free = psutil.virtual_memory().available // MEGABYTE
    found = f"{free:,} MB of memory available"
    if free < MEMORY_WARN_MB:
        return warn(found, "make status shows the memory of each service; end other programs")
    return ok(found)


def version_in(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of the first version in a text."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _version_of(program: Program, path: str) -> tuple[int, int] | None:
    where = program.find(path)
    return version_in(_answer([where, "--version"])) if where else None


def _answer(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "of an unknown version"


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
