"""A process beside the host that outlives it, to end what the host left behind.

Told `+pid` and `-pid`, a line each, on stdin. When stdin ends the host is gone, be it by
`kill -9`: every process group still on the list is killed. Standard library only: it is run
as a file, by its path.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def groups_left(lines: Iterable[str]) -> set[int]:
    left: set[int] = set()
    for line in lines:
        pid = int(line)
        if pid > 0:
            left.add(pid)
        else:
            left.discard(-pid)
    return left


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it has to outlive the host in every case
    for group in groups_left(sys.stdin):
        # No permission: macOS says so of a group that has ended; the others still have to end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
