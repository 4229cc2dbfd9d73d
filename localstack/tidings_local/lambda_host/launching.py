"""Start the process of a function, forked from a template if that makes no difference."""

import asyncio
import os
import subprocess
from pathlib import Path

from tidings_local.lambda_host.function import Function
from tidings_local.lambda_host.process import Child
from tidings_local.lambda_host.process_end import ended, has_pidfds
from tidings_local.lambda_host.templates import Templates, Wanted
from tidings_local.lambda_host.variables import layer_paths

RUNTIME = "awslambdaric"
# The interpreter or the dynamic loader reads these when a program starts, but not at a fork.
_READ_AT_START = ("PYTHON", "LD_", "MALLOC_", "GLIBC_")


class SpawnedProcess:
    """A process with its own program, whose parent is this process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    async def wait(self) -> int:
        return await ended(self._process)


async def launch(
    function: Function,
    variables: dict[str, str],
    output: int,
    *,
    interpreter: Path,
    templates: Templates,
) -> Child:
    """Start a process that requests the function's events.

    Raises:
        OSError: it could not be started.
    """
    if not has_pidfds() or needs_a_start_of_its_own(function):
        return await asyncio.to_thread(_spawn, function, variables, output, interpreter)
    wanted = Wanted(
        handler=function.handler,
        folder=function.code_dir,
        path=variables["PYTHONPATH"].split(os.pathsep) if variables["PYTHONPATH"] else [],
        environment=variables,
    )
    return await templates.fork(layer_paths(function.opt_dir), wanted, output)


def needs_a_start_of_its_own(function: Function) -> bool:
    """Return whether the function has settings that only a new program reads."""
    names = {name for name in function.variables if name.startswith(_READ_AT_START)}
    folders = [function.code_dir, *filter(None, [function.opt_dir])]
    return bool(names - {"PYTHONPATH"}) or any((folder / "lib").is_dir() for folder in folders)


def _spawn(
    function: Function, variables: dict[str, str], output: int, interpreter: Path
) -> SpawnedProcess:
    return SpawnedProcess(
        subprocess.Popen(
            [str(interpreter), "-m", RUNTIME, function.handler],
            cwd=function.code_dir,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its own process group, which can be ended as a whole
        )
    )
