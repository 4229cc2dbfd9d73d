"""The embedded MongoDB: SecantusDB, a Python package with the WiredTiger engine."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path
from typing import Final

import bootstrap
from tidings_local import embedded_mongodb

from ...settings import Settings
from ..ports import LOOPBACK
from ..stack import Stack
from .service import PROBE_TIMEOUT_SECONDS, Service

# Run as a file: its environment has SecantusDB, and none of our packages.
PROCESS: Final = Path(embedded_mongodb.__file__).with_name("__main__.py")

_DOCUMENT = b"\x10hello\0\1\0\0\0" + b"\x02$db\0\6\0\0\0admin\0" + b"\0"
_MESSAGE = struct.pack("<IBI", 0, 0, 4 + len(_DOCUMENT)) + _DOCUMENT
GREETING: Final = struct.pack("<IIII", 16 + len(_MESSAGE), 1, 0, 2013) + _MESSAGE
"""`{hello: 1, $db: "admin"}` as OP_MSG."""


def mongodb(stack: Stack, settings: Settings) -> Service:
    server = [str(bootstrap.python_of("mongodb")), str(PROCESS)]
    # A separate configuration file: otherwise it would read one in the working directory or the
    # home folder.
    command = [*server, "--config", str(stack.etc / "secantusd.toml"), "--host", LOOPBACK]
    storage = ["--port", str(stack.ports.mongodb), "--storage-path", str(stack.data / "mongodb")]
    return Service(
        name="mongodb",
        command=command + storage,
        probe=partial(probe, local_url(stack, settings)),
        greeting=GREETING,
        ports=(stack.ports.mongodb,),
        starts_after=1,
    )


def local_url(stack: Stack, settings: Settings) -> str:
    url = f"mongodb://{LOOPBACK}:{stack.ports.mongodb}/"
    # The member's address in the container's replica set is reachable only for containers.
    return f"{url}?directConnection=true" if settings.engine == "docker" else url


def write_configuration(stack: Stack) -> None:
    # Durable at each commit, like MongoDB's default for w: majority; otherwise a kill -9 loses
    # acknowledged writes. SecantusDB honours a write's j: true, but not a transaction's.
    (stack.etc / "secantusd.toml").write_text("[storage]\nsync_on_commit = true\n")


def probe(url: str) -> str:
    from pymongo import MongoClient  # takes a third of a second, for which no deployment waits

    timeout = PROBE_TIMEOUT_SECONDS * 1000
    with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=timeout) as client:
        return str(client.server_info()["version"])
