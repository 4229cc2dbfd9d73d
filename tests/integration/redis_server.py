"""A small Redis of one test, with a configuration of the stack."""

import secrets
import shutil
import subprocess
from pathlib import Path

import redis

from tests.contract.project import ROOT
from tests.integration.builders import at
from tests.ports import reserve
from tests.waiting import eventually
from tidings.platform.storage import redis_connection

MEGABYTES = 20
SERVER = shutil.which("redis-server") or "/usr/bin/redis-server"


class Server:
    """A small Redis of this test on the loopback."""

    def __init__(self, folder: Path, configuration: str) -> None:
        folder.mkdir()
        self._reserved = reserve()
        self.port = port = self._reserved.getsockname()[1]
        shared = (ROOT / "infra" / "redis" / configuration).read_text()
        own = [
            "bind 127.0.0.1", f"port {port}", f'dir "{folder}"', f"maxmemory {MEGABYTES}mb",
            "appendonly no",
        ]  # fmt: skip
        (folder / "redis.conf").write_text(shared + "\n".join(own) + "\n")
        command = [SERVER, str(folder / "redis.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.client = redis_connection.connect(at(f"redis://127.0.0.1:{port}/0"))
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def fill(self) -> None:
        """Store values until even the smallest does not fit.

        Then it lowers the limit, because the server frees buffers of idle connections later, and
        that memory would be enough for another account.
        """
        for size in (100_000, 1_000, 10):
            try:
                for _ in range(100_000):
                    self.client.set(f"filler:{secrets.token_hex(8)}", "x" * size, ex=3600)
            except redis.OutOfMemoryError:
                continue
        self.client.config_set("maxmemory", f"{MEGABYTES * 3 // 4}mb")

    def stop(self) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(60)
        self._reserved.close()
