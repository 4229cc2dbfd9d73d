"""Fork the processes of functions from one that has loaded their layers.

This program runs in the functions' interpreter, with the layers on its path and none of our
modules. It exchanges messages with the host over a socket that keeps their boundaries:

- host to template: a JSON object with the properties of a process, and the pipe for its output
- template to host: `{"ready": true}`, then for each request `{"pid": ...}` with a pidfd of the new
  process; and `{"ended": pid, "code": ...}` for each that ended

The preloaded modules have read no environment variables: each process gets its own variables before
the function's code is imported.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import runpy
import select
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MESSAGE_LIMIT = 1 << 18
Request = tuple[dict[str, Any], int]
"""The properties of a process, and the pipe for its output."""
LIST_NAME = "preload.list"
NAME_LIMIT = 15  # length of a process name on Linux
OPEN_FILES = 1024
"""Lambda's limit of a function's open files; the host itself may have more."""
RUNTIME = "awslambdaric"
OF_THE_RUNTIME = (
    *("boto3", "simplejson", "snapshot_restore_py", "http.client", "concurrent.futures"),
    *("awslambdaric.lambda_config", "awslambdaric.lambda_context"),
    *("awslambdaric.lambda_runtime_log_utils", "awslambdaric.lambda_runtime_marshaller"),
)
"""Modules that every function has besides its layers. The rest of the runtime is not preloaded,
because its C library reads the address of the Runtime API when it is loaded."""


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    layers = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    system_path = [path for path in sys.path if path not in layers]
    gc.disable()  # imported modules are never garbage; scanning takes a quarter of the time
    preload(layers)
    keep_endpoints()
    build_models()
    gc.enable()
    gc.collect()
    gc.freeze()  # so that the collector of a forked process writes to no shared page
    control.send(json.dumps({"ready": True}).encode())
    request = Template(control).serve()
    if request is not None:  # this is the forked process
        become(request, system_path)


def preload(layers: list[str]) -> None:
    """Import the modules of `preload.list`; `package.*` is a package with all modules."""
    for name in (*OF_THE_RUNTIME, *(each for path in layers for each in _named(path))):
        package, every, _ = name.partition(".*")
        try:
            module = importlib.import_module(package)
            if every:
                for found in pkgutil.walk_packages(module.__path__, f"{package}."):
                    importlib.import_module(found.name)
        except Exception as error:  # noqa: BLE001 (it is the function's error, told when it imports)
            sys.stderr.write(f"not preloaded: {name}: {error!r}\n")


def keep_endpoints() -> None:
    """Read botocore's list of endpoints here.

    Otherwise each process that creates a client needs 7 MB and a tenth of a second for it.
    """
    try:
        loaders: Any = importlib.import_module("botocore.loaders")
    except ImportError:
        return
    files = loaders.JSONFileLoader
    file = os.path.join(loaders.Loader.BUILTIN_DATA_PATH, "endpoints")  # noqa: PTH118 (as there)
    read, kept = files.load_file, files().load_file(file)

    def load_file(loader: Any, path: str) -> Any:
        return kept if path == file else read(loader, path)

    files.load_file = load_file


def build_models() -> None:
    """Build pydantic's models that are built at first use, so that no process has to."""
    pydantic: Any = sys.modules.get("pydantic")
    waiting = pydantic.BaseModel.__subclasses__() if pydantic else []
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.__module__.partition(".")[0] != "pydantic":
            with contextlib.suppress(Exception):  # the function's error, told when it uses it
                model.model_rebuild()


def _named(layer: str) -> list[str]:
    try:
        lines = (Path(layer) / LIST_NAME).read_text().splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


class Template:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}  # pids by their pidfds
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> Request | None:
        """Fork until the host has ended. Returns in the forked processes with their requests."""
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._children:
                    self._tell_end(fd)
                elif (request := self._receive()) is None:
                    self._end_all()
                    return None
                elif self._fork(request[1]):
                    return request

    def _receive(self) -> Request | None:
        content, fds, _, _ = socket.recv_fds(self._control, MESSAGE_LIMIT, 1)
        return (json.loads(content), fds[0]) if content else None

    def _fork(self, output: int) -> bool:
        """Fork; return whether this is the new process.

        The new process begins when the host knows it. If the template ends before, the new process
        ends, too: the host could not limit or end it.
        """
        known, known_to_host = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            os.close(known_to_host)
            if not os.read(known, 1):
                os._exit(1)
            os.close(known)
            self._control.close()
            for fd in self._children:
                os.close(fd)
            return True
        os.close(output)
        os.close(known)
        with contextlib.suppress(OSError):  # it did so itself, or has ended
            os.setpgid(pid, pid)  # also here: the host may end the group at once
        fd = os.pidfd_open(pid)
        self._children[fd] = pid
        self._poll.register(fd, select.POLLIN)
        self._send({"pid": pid}, fd)
        with contextlib.suppress(OSError):  # it was killed already
            os.write(known_to_host, b"1")
        os.close(known_to_host)
        return False

    def _tell_end(self, fd: int) -> None:
        pid = self._children.pop(fd)
        self._poll.unregister(fd)
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        self._send({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _send(self, message: dict[str, Any], *fds: int) -> None:
        with contextlib.suppress(OSError):  # the host has ended: `serve` reads that next
            socket.send_fds(self._control, [json.dumps(message).encode()], list(fds))

    def _end_all(self) -> None:
        for pid in self._children.values():
            with contextlib.suppress(OSError):  # it ended
                os.killpg(pid, signal.SIGKILL)


def become(request: Request, system_path: list[str]) -> None:
    """Turn this process into one that was started for a function, and run its runtime."""
    wanted, output = request
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    _be_named(wanted["environment"]["AWS_LAMBDA_FUNCTION_NAME"])
    _limit_open_files()
    time.tzset()
    tempfile.tempdir = None
    os.chdir(wanted["folder"])
    sys.path[:] = [wanted["folder"], *wanted["path"], *system_path]
    sys.argv = [RUNTIME, wanted["handler"]]
    runpy.run_module(RUNTIME, run_name="__main__", alter_sys=True)


def _limit_open_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _be_named(function: str) -> None:
    """Show the function's name in `ps` and `top`, or its end if it is too long."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(function[-NAME_LIMIT:])


if __name__ == "__main__":
    main()
