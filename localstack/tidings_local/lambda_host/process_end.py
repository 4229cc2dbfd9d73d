"""Wait for the end of a process, without a thread if the system has pidfds."""

import asyncio
import os
import select
import subprocess
from threading import Thread


def has_pidfds() -> bool:
    """Return whether Python has pidfds, which Linux has since 5.3."""
    return hasattr(os, "pidfd_open")


async def until_readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(fd, _set, readable)
    try:
        await readable
    finally:
        loop.remove_reader(fd)


def is_readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a child of this process; return its exit code."""
    if not has_pidfds():
        return await _ended_by_thread(process)
    pidfd = os.pidfd_open(process.pid)
    try:
        await until_readable(pidfd)
    finally:
        os.close(pidfd)
    return process.wait()


async def _ended_by_thread(process: subprocess.Popen[bytes]) -> int:
    loop = asyncio.get_running_loop()
    end = loop.create_future()

    def wait() -> None:
        process.wait()
        loop.call_soon_threadsafe(_set, end)

    Thread(target=wait, name="lambda-process", daemon=True).start()
    await end
    return process.returncode


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
