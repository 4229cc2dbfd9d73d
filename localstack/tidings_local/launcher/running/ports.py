"""The ports of a stack: a block of ten, so that several stacks can run beside each other."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import psutil

BLOCK_SIZE = 10
FIRST_OTHER_BLOCK = 100
"""The distance from the local stack's block to the first of the other stacks."""
LAST_BASE = 45000
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    base: int

    @property
    def public(self) -> int:
        """The front door: AWS and the API."""
        return self.base

    @property
    def localstack(self) -> int:
        """LocalStack itself, behind the front door; outside of every stack's block."""
        return self.base + 15000 + BLOCK_SIZE

    @property
    def amqp(self) -> int:
        return self.base + 1

    @property
    def rabbitmq_management(self) -> int:
        return self.base + 2

    @property
    def redis(self) -> int:
        return self.base + 3

    @property
    def mongodb(self) -> int:
        return self.base + 4

    @property
    def bridge(self) -> int:
        return self.base + 5

    @property
    def epmd(self) -> int:
        return self.base + 6

    @property
    def erlang(self) -> int:
        return self.base + 7

    @property
    def rabbitmq_prometheus(self) -> int:
        return self.base + 8

    @property
    def redis_cache(self) -> int:
        return self.base + 9

    @property
    def gateway(self) -> int:
        """The gateway alone (`make gateway`); outside of every stack's block."""
        return self.base + 14000

    @property
    def live(self) -> int:
        """The server of the live inbox, behind the front door; outside of every stack's block."""
        return self.base + 14001

    @property
    def runner_metrics(self) -> int:
        """The runner's metrics; like all of monitoring, outside of every stack's block."""
        return self.base + 9001

    @property
    def prometheus(self) -> int:
        return self.base + 9002

    @property
    def grafana(self) -> int:
        return self.base + 9003

    @property
    def loki(self) -> int:
        return self.base + 9004

    @property
    def loki_grpc(self) -> int:
        return self.base + 9005

    @property
    def alloy(self) -> int:
        return self.base + 9006

    @property
    def mailpit(self) -> int:
        """The mails of a stack in containers; outside of every stack's block."""
        return self.base + 9007

    @property
    def jaeger(self) -> int:
        return self.base + 9008

    @property
    def jaeger_otlp(self) -> int:
        """Where Jaeger takes the functions' spans."""
        return self.base + 9009

    @property
    def jaeger_grpc(self) -> int:
        return self.base + 9010

    @property
    def localstack_internal(self) -> tuple[int, int]:
        """The range of ports that LocalStack may open, outside of every stack's block."""
        return self.base + 15000, self.base + 15000 + BLOCK_SIZE


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT has no owner
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def owner_of(port: int) -> str:
    """Return the process that listens on a port, as far as the system reports it."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr and connection.laddr[1] == port:
                return _name_of(connection.pid)
    return "another program"


def _name_of(pid: int | None) -> str:
    if pid is None:
        return "another program"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"


def block_is_free(base: int, free: Callable[[int], bool] = is_free) -> bool:
    return all(free(base + offset) for offset in range(BLOCK_SIZE))


def claim_block(first: int, folder: Path, claims: Path | None = None) -> int:
    """Return the first free block from `first` on that no other stack on this machine claims."""
    with _claims(claims) as registry:
        for base in range(first, LAST_BASE, BLOCK_SIZE):
            claim = registry / str(base)
            if _claimed_by_other(claim, folder) or not block_is_free(base):
                continue
            claim.write_text(str(folder))
            return base
    raise RuntimeError("no free block of ten ports")


@contextlib.contextmanager
def _claims(folder: Path | None) -> Iterator[Path]:
    registry = folder or Path(tempfile.gettempdir()) / f"tidings-ports-{getuser()}"
    registry.mkdir(mode=0o700, exist_ok=True)
    with (registry / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield registry


def _claimed_by_other(claim: Path, folder: Path) -> bool:
    """Return whether another stack claims it; a claim is valid while its stack exists."""
    if not claim.is_file():
        return False
    owner = Path(claim.read_text())
    return owner != folder and owner.is_dir()
