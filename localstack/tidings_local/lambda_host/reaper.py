"""A separate process that outlives the host and kills the process groups that it leaves.

It reads `+pid` and `-pid`, one per line, from stdin. The end of stdin means that the host ended,
even by `kill -9`: it then kills every group that is still listed. It uses only the standard
library, because it is run as a file, by its path.
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
        signal.signal(number, signal.SIG_IGN)  # it must outlive the host in every case
    for group in groups_left(sys.stdin):
        # macOS reports "no permission" for a group that has ended; the others still have to end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
