"""An SMTP server in a process of its own that takes every mail at once and counts them."""

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

MESSAGE_ID: Final = b"Message-ID:"


class Taken:
    """The number of arrivals of each Message-ID, and the sink's own CPU time."""

    def __init__(self) -> None:
        self.arrived: Counter[bytes] = Counter()


class _Session(asyncio.Protocol):
    """One connection. It understands the commands of smtplib, one after the other."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._pending = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while self._step():
            pass

    def _step(self) -> bool:
        end = b"\r\n.\r\n" if self._in_data else b"\r\n"
        part, found, rest = self._pending.partition(end)
        if not found:
            return False
        self._pending = rest
        if self._in_data:
            self._in_data = False
            start = part.find(MESSAGE_ID)
            self._taken.arrived[part[start : part.index(b"\r\n", start)]] += 1
            self._transport.write(b"250 taken\r\n")
            return True
        match part[:4].upper():
            case b"DATA":
                self._in_data = True
                self._transport.write(b"354 go on\r\n")
            case b"QUIT":
                self._transport.write(b"221 bye\r\n")
                self._transport.close()
            case _:
                self._transport.write(b"250 sink\r\n")
        return True


async def _serve(port: int, pipe: Connection) -> None:
    taken, loop = Taken(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(taken), "127.0.0.1", port)
    pipe.send(server.sockets[0].getsockname()[1])
    asked = asyncio.Event()
    loop.add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        if not pipe.poll():
            continue
        if pipe.recv() == "stop":
            return
        pipe.send((taken.arrived.total(), len(taken.arrived), time.process_time()))


def _run(port: int, pipe: Connection) -> None:
    asyncio.run(_serve(port, pipe))


class MailSink:
    """The sink, seen from the process that started it."""

    def __init__(self, port: int, pipe: Connection) -> None:
        self.port = port
        self._pipe = pipe

    def counts(self) -> tuple[int, int, float]:
        """Return the mails that arrived, the different ones, and the sink's CPU seconds."""
        self._pipe.send("counts")
        arrived, different, seconds = self._pipe.recv()
        return arrived, different, seconds


@contextmanager
def mail_sink(port: int = 0) -> Iterator[MailSink]:
    """Run a sink at a port, or at any free one."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(port, there), daemon=True)
    process.start()
    try:
        yield MailSink(here.recv(), here)
        here.send("stop")
        process.join(10)
    finally:
        process.kill()
