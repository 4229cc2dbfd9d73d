"""Send the running processes to the reaper, and replace a reaper that ended."""

import logging
import subprocess
import sys
from pathlib import Path

logger = logging.getLogger(__name__)

_REAPER = Path(__file__).with_name("reaper.py")
_END_LIMIT_SECONDS = 5.0


class OrphanGuard:
    def __init__(self) -> None:
        self._pids: set[int] = set()
        self._reaper: subprocess.Popen[str] | None = None
        self._closed = False

    def watch(self, pid: int) -> None:
        self._pids.add(pid)
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._pids.discard(pid)
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Let the reaper kill the remaining processes, as it would if the host ended."""
        self._closed = True
        reaper, self._reaper = self._reaper, None
        if reaper is None or reaper.stdin is None:
            return
        try:
            reaper.stdin.close()
            reaper.wait(_END_LIMIT_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            logger.exception("the reaper did not end")
            reaper.kill()

    def _tell(self, line: str) -> None:
        if self._closed:
            return
        if self._reaper is not None and self._wrote(self._reaper, line):
            return
        try:
            self._reaper = _start_reaper()
        except OSError:
            logger.exception("functions would outlive a killed host: the reaper does not start")
        else:
            self._wrote(self._reaper, "".join(f"+{pid}\n" for pid in self._pids))

    def _wrote(self, reaper: subprocess.Popen[str], text: str) -> bool:
        if reaper.stdin is None or reaper.poll() is not None:
            return False
        try:
            reaper.stdin.write(text)
            reaper.stdin.flush()
        except OSError:
            logger.warning("the reaper was ended; starting another")
            return False
        return True


def _start_reaper() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_REAPER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # not affected by signals to the host's process group
        text=True,
        env={},
    )
