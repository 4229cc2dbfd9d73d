"""A stack: a name, a folder under `.tidings/stacks/`, a block of ports."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import progress
from ..settings import STATE, Settings
from .ports import FIRST_OTHER_BLOCK, Ports, claim_block

SOCKET_PATH_LIMIT = 100
"""A unix socket's path may have 107 bytes, and supervisord appends its pid while it starts."""


@dataclass(frozen=True)
class Stack:
    name: str
    folder: Path
    ports: Ports

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def root(self) -> Path:
        """The stack's clone, where `make` is called."""
        return self.folder.parents[2]

    @property
    def certificate(self) -> Path:
        """Key and certificate of the HTTPS address; the `.crt` beside it is for clients."""
        return self.folder / "localhost.pem"

    @property
    def functions_log(self) -> Path:
        """The functions' log lines, beside those of the services."""
        return self.logs / "functions.log"

    @property
    def monitoring_mark(self) -> Path:
        """The file that exists while Prometheus belongs to the stack."""
        return self.etc / "monitoring.on"

    def note_version(self, service: str, version: str) -> None:
        """Store the version that a service reported when it was ready."""
        self._version_file(service).write_text(version)

    def version_of(self, service: str) -> str:
        """Return the stored version, or an empty text."""
        try:
            return self._version_file(service).read_text()
        except OSError:
            return ""

    def _version_file(self, service: str) -> Path:
        return self.run / f"{service}.version"

    @property
    def identity(self) -> str:
        """An id that distinguishes this stack from one of the same name in another clone."""
        return hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]

    @property
    def supervisor_socket(self) -> Path:
        return short_socket(self.run / "supervisor.sock", self.identity)

    @property
    def runner_socket(self) -> Path:
        return short_socket(self.run / "runner.sock", f"{self.identity}-runner")

    @property
    def endpoint(self) -> str:
        return f"http://localhost:{self.ports.public}"

    @property
    def localstack_url(self) -> str:
        """The URL of LocalStack itself, to check whether it runs."""
        return f"http://127.0.0.1:{self.ports.localstack}"

    @property
    def api_url(self) -> str:
        return f"https://localhost:{self.ports.public}/_aws/execute-api/tidings/local"

    def make_folders(self) -> None:
        for folder in (self.folder, self.data, self.logs, self.run, self.etc):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self, what: str = "change") -> Iterator[None]:
        """Let only one command at a time change a stack or run tests on it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / f".{what}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress.step(f"waiting for another make on the stack {self.name}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def short_socket(wanted: Path, identity: str) -> Path:
    if len(os.fsencode(wanted)) <= SOCKET_PATH_LIMIT:
        return wanted
    return Path(tempfile.gettempdir()) / f"tidings-{identity}.sock"


def find_stack(settings: Settings, state: Path = STATE) -> Stack:
    """Return the stack of the settings; the ports of a new one are chosen now."""
    folder = state / "stacks" / settings.stack
    remembered = _remembered_base(folder)
    if remembered is not None and _may_keep(remembered, folder, settings):
        return Stack(settings.stack, folder, Ports(remembered))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    base = settings.port_base
    if settings.stack != "local":
        base = claim_block(settings.port_base + FIRST_OTHER_BLOCK, folder)
    (folder / "stack.json").write_text(json.dumps({"port_base": base}))
    return Stack(settings.stack, folder, Ports(base))


def _remembered_base(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / "stack.json").read_text())["port_base"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _may_keep(base: int, folder: Path, settings: Settings) -> bool:
    """Return whether it keeps its ports; a stopped local stack follows TIDINGS_PORT_BASE."""
    if settings.stack != "local" or base == settings.port_base:
        return True
    return Stack(settings.stack, folder, Ports(base)).supervisor_socket.exists()
