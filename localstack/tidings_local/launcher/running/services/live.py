"""The server of the live inbox, which keeps a connection to each open app."""

from __future__ import annotations

import hashlib
import os
from functools import partial

import bootstrap

from ...settings import ROOT, Settings
from ..ports import LOOPBACK
from ..stack import Stack
from .connections import Connections
from .service import Service, ask

SOURCES = ("infra/live", "layers/tidings")


def live(stack: Stack, settings: Settings, connections: Connections) -> Service:
    port = stack.ports.live
    return Service(
        name="live",
        command=[str(bootstrap.python_of("live")), "-m", "tidings_live"],
        probe=partial(probe, port),
        ports=(port,),
        environment={
            "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in SOURCES),
            "TIDINGS_LIVE_PORT": str(port),
            # Its process starts again when this changes.
            "TIDINGS_LIVE_CODE": code_version(),
            "TIDINGS_FUNCTION_NAME": "tidings-live",
            "TIDINGS_MONGODB_URI": connections.mongodb_uri,
            "TIDINGS_REDIS_URL": connections.redis_url,
            "TIDINGS_CACHE_REDIS_URL": connections.cache_redis_url,
            "TIDINGS_CALLS_PER_MINUTE": str(settings.allowed_calls),
            "POWERTOOLS_LOG_LEVEL": settings.log_level,
            "AWS_ENDPOINT_URL": stack.endpoint,
            "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        },
        starts_after=3,
        stop_seconds=10,
    )


def code_version() -> str:
    """Return a text that changes with each change of the server's sources."""
    digest = hashlib.sha256()
    for file in sorted(file for each in SOURCES for file in (ROOT / each).rglob("*.py")):
        changed = file.stat()
        digest.update(f"{file}\0{changed.st_mtime_ns}\0{changed.st_size}\0".encode())
    return digest.hexdigest()[:16]


def probe(port: int) -> str:
    ask(f"http://{LOOPBACK}:{port}/health").raise_for_status()
    return ""
