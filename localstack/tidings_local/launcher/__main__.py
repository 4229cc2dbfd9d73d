"""Run a command of a Makefile target: `python -m tidings_local.launcher <command>`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from . import progress
from .commands import COMMANDS
from .commands import command as find_command
from .errors import LauncherError


def main(arguments: list[str]) -> int:
    command = find_command(arguments[0]) if arguments else None
    if command is None:
        progress.complain(f"commands: {', '.join(COMMANDS)}")
        return 2
    # SIGINT too: a shell that starts us in the background ignores it.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _as_interrupt)
    try:
        status = command()
        sys.stdout.flush()
        return status
    except LauncherError as error:
        for line in error.lines():
            progress.complain(line)
        return 1
    except KeyboardInterrupt:
        progress.complain("interrupted")
        return 130
    except BrokenPipeError:  # make status | head: nothing reads the remaining output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not _is_of_aws(error):
            raise
        progress.complain(f"LocalStack: {error} (make status shows its log)")
        return 1


def _is_of_aws(error: Exception) -> bool:
    """Return whether an error is of AWS's SDK, without importing the SDK."""
    sdk = sys.modules.get("botocore.exceptions")
    return sdk is not None and isinstance(error, (sdk.BotoCoreError, sdk.ClientError))


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
