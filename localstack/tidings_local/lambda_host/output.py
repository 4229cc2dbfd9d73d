"""Captures what a process prints, so that nothing printed before an answer or a crash is lost."""

import codecs
import os
import select
from threading import Lock, Thread

LIMIT_BYTES = 1_000_000
_READ_BYTES = 1 << 16
_PUMP_END_SECONDS = 5.0


class BoundedText:
    """Keeps the beginning and the end of what is too long, and says how much is missing."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._half = limit_bytes // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._cut_bytes = 0

    def add(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        excess = len(self._tail) - self._half
        if excess > 0:
            self._cut_bytes += excess
            del self._tail[:excess]

    def text(self) -> str:
        note = f"\n[{self._cut_bytes} bytes of output cut]\n" if self._cut_bytes else ""
        return _decode(self._head + note.encode() + self._tail)


class OutputCapture:
    """A pipe for stdout and stderr together, in the order they were written."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._read_fd, self.write_fd = os.pipe()
        self._wake_read_fd, self._wake_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._lock = Lock()
        self._text = BoundedText(limit_bytes)
        self._ended = False
        self._pump: Thread | None = None

    def started(self) -> None:
        """The process has its end of the pipe: close ours, and keep the pipe from filling up."""
        os.close(self.write_fd)
        self._pump = Thread(target=self._pump_output, name="lambda-output", daemon=True)
        self._pump.start()

    def take(self) -> str:
        """Everything written so far, and a clean sheet for what comes."""
        with self._lock:
            self._drain()
            taken, self._text = self._text, BoundedText(self._limit_bytes)
        return taken.text()

    def close(self) -> None:
        """Also when a grandchild that escaped still holds the other end."""
        if self._pump is None:
            os.close(self.write_fd)
        else:
            os.write(self._wake_fd, b"x")
            self._pump.join(_PUMP_END_SECONDS)
        with self._lock:
            self._ended = True
            for fd in (self._read_fd, self._wake_read_fd, self._wake_fd):
                os.close(fd)

    def _pump_output(self) -> None:
        poll = select.poll()
        poll.register(self._read_fd, select.POLLIN)
        poll.register(self._wake_read_fd, select.POLLIN)
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if self._wake_read_fd in ready:
                return
            with self._lock:
                self._drain()
                if self._ended:
                    return

    def _drain(self) -> None:
        while not self._ended:
            try:
                chunk = os.read(self._read_fd, _READ_BYTES)
            except BlockingIOError:
                return
            self._ended = not chunk
            self._text.add(chunk)


def _decode(content: bytes | bytearray) -> str:
    return codecs.decode(bytes(content), "utf-8", "replace")
