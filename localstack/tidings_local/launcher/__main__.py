"""`python -m tidings_local.launcher <command>`: what the Makefile's targets call."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from . import progress
from .commands import COMMANDS
from .errors import LauncherError


def main(arguments: list[str]) -> int:
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        progress.complain(f"commands: {', '.join(COMMANDS)}")
        return 2
    # SIGINT too: a shell that starts us in the background has it ignored.
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
    except (BotoCoreError, ClientError) as error:
        progress.complain(f"LocalStack: {error} (make status shows its log)")
        return 1
    except KeyboardInterrupt:
        progress.complain("interrupted")
        return 130
    except BrokenPipeError:  # make status | head: what is left to say has no reader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
